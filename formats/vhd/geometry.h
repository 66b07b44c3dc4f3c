#pragma once
/// The cylinders, heads and sectors per track that a VHD records for its disk. Virtual PC takes the disk's size from
/// them, so that most sizes have no exact geometry. Plain values. Source: Microsoft's VHD specification, "CHS
/// calculation".

#include <cstdint>

#include "engine/base/units.h"

namespace varve::vhd {

struct Geometry {
    std::uint16_t cylinders = 0;
    std::uint8_t heads = 0;
    std::uint8_t sectors_per_track = 0;

    ByteCount disk_bytes() const { return {std::uint64_t{cylinders} * heads * sectors_per_track * 512}; }
    friend bool operator==(const Geometry&, const Geometry&) = default;
};

/// Stands for every disk that is too large for a geometry, and makes no statement about the size.
inline constexpr Geometry geometry_max{65535, 16, 255};

/// The geometry of a disk of this size, rounded down to whole cylinders; geometry_max from that size on.
Geometry geometry_of(ByteCount disk);

}  // namespace varve::vhd
