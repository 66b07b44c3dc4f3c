#include "formats/lvm/active_devices.h"

namespace varve::lvm {

std::optional<std::string> active_device(std::string_view group_uuid, std::string_view volume_uuid,
                                         std::string_view layer, const HostPaths& host) {
    std::string uuid = std::string(group_uuid) + std::string(volume_uuid);
    std::erase(uuid, '-');
    uuid.insert(0, "LVM-");
    if (!layer.empty()) uuid.append("-").append(layer);
    for (const BlockDevice& device : list_block_devices(host))
        if (device.mapper_uuid == uuid) return device.path;
    return std::nullopt;
}

}  // namespace varve::lvm
