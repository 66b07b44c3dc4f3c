#pragma once
/// How a volume is specified on the command line: "lvm:VG/LV"; "lvm:VG" and "lvm:" for lists of volumes.

#include <optional>
#include <string>
#include <string_view>

namespace varve::lvm {

struct VolumeName {
    std::string group;   ///< empty: all
    std::string volume;  ///< empty: all of the group
};

bool is_volume_name(std::string_view source);

/// `source` must satisfy is_volume_name(). Throws Error(usage) for names that LVM would not accept.
VolumeName parse_volume_name(const std::string& source);

/// The same for a source that must name one volume.
VolumeName parse_single_volume_name(const std::string& source);

}  // namespace varve::lvm
