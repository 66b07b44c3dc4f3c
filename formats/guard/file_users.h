#pragma once
/// Which other processes have a file or block device open: who is using a disk that is to be read or overwritten.

#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve {

/// A process that has the medium open (by medium_identity() of medium_identity.h), in words: "process 4711
/// (qemu-system-x86)"; nothing when none is known. Searches the open files in /proc: complete for root, else only the
/// caller's own processes. The calling process does not count.
std::optional<std::string> other_opener(const FileIdentity& medium);

/// Whether the regular file is open anywhere but by this one descriptor, whoever has it (the kernel, or the caller once
/// more, too): asks for a write lease (fcntl(2), F_SETLEASE), which only a lone opener gets, and gives it back. False
/// also where that cannot be told: somebody else's file, a network file system, a device.
bool is_open_elsewhere(const File& file);

}  // namespace varve
