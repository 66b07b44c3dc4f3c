#pragma once
/// Which block devices of this host may be physical volumes, for use when the user names none.

#include "formats/lvm/host_block_devices.h"

namespace varve::lvm {

/// Paths, sorted by the kernel's names. Leaves out devices of size zero; disks whose partitions the kernel shows as
/// devices of their own; members of md arrays and multipath devices, and the partitions of such disks; logical
/// volumes; RAM disks, floppies and optical drives. Does not look at the contents, which would need root. Throws
/// Error(io) if sysfs can't be listed.
std::vector<std::string> find_host_devices(const HostPaths& host = {});

}  // namespace varve::lvm
