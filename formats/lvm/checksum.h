#pragma once
/// The checksum of LVM2's label, metadata area header and metadata text: CRC-32 with the usual reflected polynomial
/// 0xEDB88320, an initial value of its own and no final inversion. Source: lvm2, lib/misc/crc.c. Pure, safe from any
/// thread.

#include "engine/base/bytes.h"

namespace varve::lvm {

inline constexpr std::uint32_t checksum_start = 0xf597a6cf;

/// Of `bytes`; with the checksum of what stands before them as `initial`, of both together.
std::uint32_t checksum(ByteView bytes, std::uint32_t initial = checksum_start);

}  // namespace varve::lvm
