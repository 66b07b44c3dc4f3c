#pragma once
/// Which block devices of this host may be physical volumes, for when the user names none.

#include "formats/lvm/host_block_devices.h"

namespace varve::lvm {

/// Paths, by the kernel's names. Left out are devices without a size; disks whose partitions the kernel shows as
/// devices of their own; parts of md arrays, of multipath devices and of what stands on these; logical volumes; RAM
/// disks, floppies and optical drives. Whether a device holds anything is not looked at, as that needs root. Throws
/// Error(io) when sysfs can't be listed.
std::vector<std::string> find_host_devices(const HostPaths& host = {});

}  // namespace varve::lvm
