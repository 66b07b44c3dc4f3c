#pragma once
/// How many files this process may have open at a time. Source: getrlimit(2).

namespace varve {

/// Raises the soft limit of open files to the hard one: a disk may lie in thousands of files (a split VMDK has one for
/// every 2 GiB), and the usual soft limit of 1024 only guards programs that still use select(2). What is not allowed is
/// left as it is: opening too many files is an error where it happens. Once a process, before other threads.
void raise_open_file_limit();

}  // namespace varve
