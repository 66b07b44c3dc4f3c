#pragma once
/// How a snapshot records the path that it was read from.

#include <string>

namespace varve {

/// Canonical and absolute, so that the next backup recognises it. The last component of a device's name is not
/// resolved: /dev/vg/disk stays the same while the /dev/dm-3 behind it changes. A path that is not UTF-8 is recorded
/// escaped, since a snapshot holds valid text only. "-" and lvm:VG/LV are recorded as typed, a pipe as "-". Throws
/// Error(io) for a path that does not exist.
std::string recorded_path(const std::string& path);

}  // namespace varve
