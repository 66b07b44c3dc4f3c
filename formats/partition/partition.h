#pragma once
/// A part of a disk, as a partition table lists it.

#include <cstdint>

#include "engine/base/units.h"

namespace varve::partition {

struct Partition {
    std::uint32_t number = 0;  ///< as in /dev/sda1; logical partitions count from 5
    ByteRange range;           ///< inside the disk, not empty
    friend bool operator==(const Partition&, const Partition&) = default;
};

}  // namespace varve::partition
