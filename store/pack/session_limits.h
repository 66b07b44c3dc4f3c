#pragma once
/// The limits of a writing session. Tests make them small.

#include <cstdint>

#include "engine/base/units.h"
#include "engine/repository/slot_table.h"

namespace varve {

struct SessionLimits {
    ByteCount pack_bytes = mib(64);  ///< a pack is closed at about this size
    std::uint32_t slots_per_pack = slots_per_pack_max;
    std::uint32_t chunks_per_frame = 4;  ///< 256 KiB: the maximum of a data frame
    std::uint32_t metadata_frame_bytes = 32 * 1024;
    std::uint32_t frames_in_flight = 8;  ///< gathered but not yet written: bounds memory
    std::uint32_t packs_closing = 2;     ///< written but not yet durable
    std::uint32_t compress_threads = 2;
    int zstd_level = 2;
};

}  // namespace varve
