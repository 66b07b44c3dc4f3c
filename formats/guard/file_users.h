#pragma once
/// Which other processes have a file or block device open: who is using a disk that will be read or overwritten.

#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve {

/// A process that has the medium open (identified by medium_identity() of medium_identity.h), as "process 4711
/// (qemu-system-x86)"; nothing when none is found. Searches the open files in /proc: all of them for root, otherwise
/// those of the same user's processes. The calling process does not count.
std::optional<std::string> other_opener(const FileIdentity& medium);

/// Whether the regular file is open by anything but this one descriptor, including the kernel and further descriptors
/// of the caller: requests a write lease (fcntl(2), F_SETLEASE), which is granted only for the sole opener, and
/// releases it. Also false where the lease cannot be requested: for another user's file, a network file system, a
/// device.
bool is_open_elsewhere(const File& file);

}  // namespace varve
