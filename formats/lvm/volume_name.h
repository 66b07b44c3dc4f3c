#pragma once
/// How a volume is named on the command line: "lvm:VG/LV"; "lvm:VG" and "lvm:" for lists of volumes.

#include <optional>
#include <string>
#include <string_view>

namespace varve::lvm {

struct VolumeName {
    std::string group;   ///< empty: all
    std::string volume;  ///< empty: all of the group
};

bool is_volume_name(std::string_view source);

/// Throws Error(usage) for one that is_volume_name() and cannot be a name of LVM.
VolumeName parse_volume_name(const std::string& source);

/// The same for one that must name a volume.
VolumeName parse_single_volume_name(const std::string& source);

}  // namespace varve::lvm
