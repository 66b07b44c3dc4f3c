#pragma once
/// The pages of the map, the Merkle radix tree from guest position to chunk address. Fixed shape: a leaf covers 256
/// chunks (16 MiB), each of three inner levels has 256 children, so the root page (level 3) covers 256 TiB.
/// Bytes and digests: store/FORMAT.md section 7. Plain values.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/digest.h"
#include "engine/repository/chunk.h"

namespace varve {

inline constexpr std::size_t map_fanout = 256;
inline constexpr int map_root_level = 3;
inline constexpr std::uint64_t leaf_bytes = map_fanout * chunk_bytes;
inline constexpr ByteCount map_disk_bytes_max{leaf_bytes * map_fanout * map_fanout * map_fanout};

/// Number of leaves below one entry of a page at `level` (1 for level 1).
inline constexpr std::uint64_t leaves_per_entry(int level) { return std::uint64_t{1} << (8 * (level - 1)); }

inline constexpr std::uint64_t leaf_count(ByteCount disk_size) { return divide_up(disk_size.value, leaf_bytes); }

enum class MapKind : std::uint8_t {
    unallocated = 0,  ///< never written, and so is all below
    zero = 1,         ///< explicitly zero, and so is all below
    present = 2,      ///< a chunk, or a page
};

/// One chunk of a leaf. `address` counts only when present.
struct LeafEntry {
    MapKind kind = MapKind::unallocated;
    ChunkAddress address;
    friend bool operator==(const LeafEntry&, const LeafEntry&) = default;
};

struct LeafPage {
    std::array<LeafEntry, map_fanout> entries;
    friend bool operator==(const LeafPage&, const LeafPage&) = default;
};

/// The present chunks of a leaf, by position.
struct PresentChunks {
    explicit PresentChunks(const LeafPage& page);
    std::vector<std::size_t> positions;   ///< ascending
    std::vector<ChunkAddress> addresses;  ///< as the page names them: before moves
};

/// A subtree: uniform, or a page. `digest` and `page` count only when present.
struct Subtree {
    MapKind kind = MapKind::unallocated;
    Digest digest;
    ChunkAddress page;
    friend bool operator==(const Subtree&, const Subtree&) = default;
};

struct InnerPage {
    int level = 1;
    std::array<Subtree, map_fanout> entries;
    friend bool operator==(const InnerPage&, const InnerPage&) = default;
};

Bytes encode(const LeafPage& page);
Bytes encode(const InnerPage& page);

/// Throw Error(corrupt) that names `object` for anything but a page of that level.
LeafPage parse_leaf_page(ByteView bytes, const std::string& object);
InnerPage parse_inner_page(ByteView bytes, int level, const std::string& object);

/// Digest of a leaf from the ids of its chunks (all zero bytes: no chunk); zero bytes when the leaf has no chunk at
/// all.
Digest leaf_digest(std::span<const ChunkId, map_fanout> ids);
Digest inner_digest(const InnerPage& page);

/// The identity of a disk's content.
Digest root_identity(ByteCount size, const Digest& map_digest);

/// Digest of a subtree as its parent counts it: zero bytes for a uniform one.
inline Digest counted_digest(const Subtree& subtree) {
    return subtree.kind == MapKind::present ? subtree.digest : Digest{};
}

}  // namespace varve
