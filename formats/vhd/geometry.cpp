#include "formats/vhd/geometry.h"

#include <algorithm>

namespace varve::vhd {
namespace {

constexpr std::uint64_t cylinders_small_max = 1024;
constexpr std::uint64_t heads_max = 16;

Geometry whole_cylinders(std::uint64_t sectors, std::uint64_t sectors_per_track, std::uint64_t heads) {
    return {static_cast<std::uint16_t>(sectors / sectors_per_track / heads), static_cast<std::uint8_t>(heads),
            static_cast<std::uint8_t>(sectors_per_track)};
}

}  // namespace

Geometry geometry_of(ByteCount disk) {
    if (disk >= geometry_max.disk_bytes()) return geometry_max;
    const std::uint64_t sectors = disk.value / 512;
    if (sectors >= std::uint64_t{65535} * heads_max * 63) return whole_cylinders(sectors, 255, heads_max);
    const std::uint64_t tracks = sectors / 17;
    const std::uint64_t heads = std::max<std::uint64_t>(4, divide_up(tracks, cylinders_small_max));
    if (heads <= heads_max && tracks < heads * cylinders_small_max) return whole_cylinders(sectors, 17, heads);
    if (sectors / 31 < heads_max * cylinders_small_max) return whole_cylinders(sectors, 31, heads_max);
    return whole_cylinders(sectors, 63, heads_max);
}

}  // namespace varve::vhd
