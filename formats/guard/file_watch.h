#pragma once
/// Notices that a file or block device is written to while it is read.
///
/// Compared are size, modification time (in full, as the file system keeps it) and the first 4 KiB, where image headers
/// are; and QEMU's locks are asked for once more. Not compared are the change time, which a new hard link, owner or
/// label of an idle base image changes too, nor the name: a file that another was renamed over is still the one open.
///
/// What cannot be seen: a write whose new time equals the old one (within one tick of the clock, about 4 ms, on Linux
/// before 6.13; up to 2 s on file systems that keep whole seconds), one by a host whose new time a network file system
/// has not heard of yet, and on a block device, which has no times, all writes past the first 4 KiB by a program that
/// takes no QEMU lock.

#include <optional>
#include <string>

#include <time.h>

#include "engine/base/file.h"

namespace varve {

class FileWatch {
public:
    /// Remembers how `file` is now. To be made before anything of it is read. Throws Error(io).
    explicit FileWatch(const File& file);

    /// Throws Error(refused), with what changed, when `file` (the same) is no longer as it was. Thread-safe.
    void check_unchanged(const File& file) const;

private:
    ByteCount size_;
    std::optional<timespec> modified_;  ///< none: a block device
    std::optional<Bytes> head_;         ///< none: it could not be read, and whoever needs it will say so
};

}  // namespace varve
