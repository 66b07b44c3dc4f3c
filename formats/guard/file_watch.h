#pragma once
/// Detects writes to a file or block device while it is read.
///
/// It compares the size, the modification time (in full, as the file system keeps it) and the first 4 KiB, where image
/// headers are, and queries QEMU's locks once more. It ignores the change time, which a new hard link, owner or label
/// of an idle base image also changes, and the name: when another file is renamed over this one, this one is still
/// open.
///
/// It does not detect: a write whose new time equals the old one (within one tick of the clock, about 4 ms, on Linux
/// before 6.13; up to 2 s on file systems that keep whole seconds); a write by another host whose new time a network
/// file system has not learned yet; and on a block device, which has no times, a write past the first 4 KiB by a
/// program that takes no QEMU lock.

#include <optional>
#include <string>

#include <time.h>

#include "engine/base/file.h"

namespace varve {

class FileWatch {
public:
    /// Records the present state of `file`. Create it before reading anything else from the file. Throws Error(io).
    explicit FileWatch(const File& file);

    /// Throws Error(refused) that states what changed if `file` (the same one) has changed since. Thread-safe.
    void check_unchanged(const File& file) const;

private:
    ByteCount size_;
    std::optional<timespec> modified_;  ///< none for a block device
    std::optional<Bytes> head_;         ///< none if it could not be read; a reader that needs it will report that
};

}  // namespace varve
