#pragma once
/// Tells whether another process has a file or block device open: before a restore overwrites the disk of a machine
/// that may be running.

#include <optional>
#include <string>

namespace varve {

/// Who else has `path` open, in words ("process 4711 (qemu-system-x86)"); nullopt when nobody is known to.
///
/// A file is asked with a write lease, which the kernel grants only to a lone opener, whoever the others are (fcntl(2),
/// F_SETLEASE). Where leases don't work (not the owner's file, a network file system), and for devices, the open files
/// in /proc are searched: complete for root, else only of the caller's own processes.
std::optional<std::string> other_opener(const std::string& path);

}  // namespace varve
