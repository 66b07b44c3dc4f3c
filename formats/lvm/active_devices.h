#pragma once
/// The device-mapper device through which this host itself uses a logical volume, if any.

#include <optional>
#include <string>
#include <string_view>

#include "formats/lvm/host_block_devices.h"

namespace varve::lvm {

/// The path ("/dev/dm-3") of the active device of a volume, given the uuids of the group and the volume, with or
/// without dashes. `layer` selects one of LVM's inner devices ("tpool", "tdata", "tmeta", "real" or "cow"); empty means
/// the volume itself. nullopt if the volume is not active. Does not need root. Throws Error(io) if sysfs can't be
/// listed.
std::optional<std::string> active_device(std::string_view group_uuid, std::string_view volume_uuid,
                                         std::string_view layer = {}, const HostPaths& host = {});

}  // namespace varve::lvm
