#pragma once
/// How many files this process may have open at a time. Source: getrlimit(2).

namespace varve {

/// Raises the soft limit of open files to the hard one: a disk may consist of thousands of files (a split VMDK has one
/// for every 2 GiB), and the usual soft limit of 1024 only protects programs that still use select(2). If the limit
/// cannot be raised, opening too many files is an error where it happens. Call it once per process, before starting
/// threads.
void raise_open_file_limit();

}  // namespace varve
