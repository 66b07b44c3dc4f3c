#pragma once
/// Where the volume group of a logical volume ("lvm:VG/LV") is.

#include <string>
#include <vector>

namespace varve::lvm {

struct VolumeOptions {
    std::vector<std::string> physical_volumes = {};  ///< the disks that hold the group; none: this host's block devices
};

}  // namespace varve::lvm
