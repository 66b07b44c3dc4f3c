#include "formats/lvm/host_devices.h"

#include <algorithm>
#include <map>

namespace varve::lvm {
namespace {

constexpr std::string_view decimal_digits = "0123456789";

/// Whether `name` is `kind` followed by a number: "md127" is of kind "md".
bool is_of_kind(std::string_view name, std::string_view kind) {
    return name.starts_with(kind) && name.find_first_of(decimal_digits, kind.size()) == kind.size();
}

bool is_other_device(std::string_view name) {
    constexpr std::string_view kinds[] = {"zram", "ram", "fd", "sr"};
    return std::any_of(std::begin(kinds), std::end(kinds),
                       [&](std::string_view kind) { return is_of_kind(name, kind); });
}

/// Whether `uuid` is that of a partition of a multipath or other mapped disk, as made by kpartx: "part1-mpath-...".
bool is_mapped_partition(std::string_view uuid) {
    if (!is_of_kind(uuid, "part")) return false;
    const std::size_t end = uuid.find_first_not_of(decimal_digits, 4);
    return end != uuid.npos && uuid[end] == '-';
}

class HostDevices {
public:
    explicit HostDevices(std::vector<BlockDevice> devices) : devices_(std::move(devices)) {
        for (const BlockDevice& device : devices_) by_name_[device.name] = &device;
    }

    std::vector<std::string> candidates() const {
        std::vector<std::string> paths;
        for (const BlockDevice& device : devices_)
            if (may_hold_a_volume(device)) paths.push_back(device.path);
        return paths;
    }

private:
    const BlockDevice* find(const std::string& name) const {
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : found->second;
    }

    bool may_hold_a_volume(const BlockDevice& device) const {
        if (device.size.value == 0 || is_other_device(device.name) || !device.partitions.empty()) return false;
        if (device.mapper_uuid && device.mapper_uuid->starts_with("LVM-")) return false;
        const BlockDevice* whole = device.whole ? find(*device.whole) : nullptr;
        return !is_a_part(device) && (whole == nullptr || !is_a_part(*whole));
    }

    /// Whether another device shows the same bytes, which is then the one to read.
    bool is_a_part(const BlockDevice& device) const {
        return std::any_of(device.holders.begin(), device.holders.end(),
                           [this](const std::string& holder) { return shows_the_same_bytes(holder); });
    }

    bool shows_the_same_bytes(const std::string& holder) const {
        if (is_of_kind(holder, "md")) return true;
        const BlockDevice* device = find(holder);
        if (device == nullptr || !device->mapper_uuid) return false;
        return device->mapper_uuid->starts_with("mpath-") || is_mapped_partition(*device->mapper_uuid);
    }

    std::vector<BlockDevice> devices_;
    std::map<std::string, const BlockDevice*> by_name_;
};

}  // namespace

std::vector<std::string> find_host_devices(const HostPaths& host) {
    return HostDevices(list_block_devices(host)).candidates();
}

}  // namespace varve::lvm
