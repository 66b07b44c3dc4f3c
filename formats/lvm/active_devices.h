#pragma once
/// The device-mapper device through which this host itself uses a logical volume, if it does.

#include <optional>
#include <string>
#include <string_view>

#include "formats/lvm/host_block_devices.h"

namespace varve::lvm {

/// The path ("/dev/dm-3") of the active device of the volume with that uuid in the group with that uuid, both with or
/// without dashes. `layer` chooses one of LVM's inner devices of it, "tpool", "tdata", "tmeta", "real" or "cow";
/// without one it is the volume itself. Nothing when it is not active. Readable without root. Throws Error(io) when
/// sysfs can't be listed.
std::optional<std::string> active_device(std::string_view group_uuid, std::string_view volume_uuid,
                                         std::string_view layer = {}, const HostPaths& host = {});

}  // namespace varve::lvm
