#include "formats/lvm/volume_group.h"

#include <algorithm>

namespace varve::lvm {
namespace {

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

template <typename Item>
const Item* find_by_name(const std::vector<Item>& items, const std::vector<std::uint32_t>& order,
                         std::string_view name) {
    if (order.size() != items.size()) {
        const auto found =
            std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
        return found == items.end() ? nullptr : &*found;
    }
    const auto found = std::lower_bound(order.begin(), order.end(), name,
                                        [&](std::uint32_t i, std::string_view key) { return items[i].name < key; });
    return found == order.end() || items[*found].name != name ? nullptr : &items[*found];
}

}  // namespace

std::optional<std::int64_t> LogicalVolume::creation_time_ns() const {
    constexpr std::int64_t seconds_max = std::int64_t{1} << 33;
    constexpr std::int64_t second_ns = 1'000'000'000;
    if (creation_time <= 0 || creation_time > seconds_max) return std::nullopt;
    return creation_time * second_ns;
}

bool LogicalVolume::is_visible() const { return has_status("VISIBLE"); }

bool LogicalVolume::has_status(std::string_view word) const { return contains(status, word); }

bool VolumeGroup::is_exported() const { return contains(status, "EXPORTED"); }

bool VolumeGroup::is_clustered() const { return contains(status, "CLUSTERED"); }

const LogicalVolume* VolumeGroup::find_volume(std::string_view volume_name) const {
    return find_by_name(volumes, volumes_by_name, volume_name);
}

const PhysicalVolumeEntry* VolumeGroup::find_physical_volume(std::string_view section_name) const {
    return find_by_name(physical_volumes, physical_volumes_by_name, section_name);
}

}  // namespace varve::lvm
