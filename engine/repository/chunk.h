#pragma once
/// The chunk: 64 KiB of guest bytes at a 64 KiB-aligned guest offset, the unit of dedup, the same whatever the
/// container's cluster size. The last chunk of a disk is padded with zeros to the full length. See store/FORMAT.md.

#include <compare>
#include <cstdint>

#include "engine/base/digest.h"
#include "engine/base/random_id.h"
#include "engine/base/units.h"

namespace varve {

inline constexpr std::size_t chunk_bytes = 64 * 1024;

/// SHA-256 of the chunk's plain, padded bytes.
using ChunkId = Digest;

/// Where a slot was first written. Never changes: move tables state where its content is now.
struct ChunkAddress {
    PackId pack;
    std::uint32_t slot = 0;
    friend auto operator<=>(const ChunkAddress&, const ChunkAddress&) = default;
};

/// Position of a chunk in its disk: guest offset / 64 KiB.
struct ChunkIndex {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(ChunkIndex, ChunkIndex) = default;
    constexpr ByteOffset begin() const { return {value * chunk_bytes}; }
};

inline constexpr ChunkIndex chunk_containing(ByteOffset at) { return {at.value / chunk_bytes}; }
inline constexpr std::uint64_t chunk_count(ByteCount disk_size) { return divide_up(disk_size.value, chunk_bytes); }

}  // namespace varve

template <>
struct std::hash<varve::ChunkAddress> {
    std::size_t operator()(const varve::ChunkAddress& a) const noexcept {
        return std::hash<varve::PackId>{}(a.pack) ^ (a.slot * 0x9e3779b97f4a7c15ull);
    }
};
