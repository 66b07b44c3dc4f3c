#pragma once
/// Reads a source segment by segment and determines for each chunk what it is and whether it changed: the part of a
/// backup that runs on many threads. Only data extents are read; the fingerprint is compared first, and the id computed
/// only where the fingerprint differs.

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/buffer_pool.h"
#include "engine/image/image_reader.h"
#include "engine/repository/fingerprint.h"
#include "engine/repository/known_chunks.h"

namespace varve {

inline constexpr std::size_t segment_chunks = 32;
inline constexpr std::size_t segment_bytes = segment_chunks * chunk_bytes;
static_assert(map_fanout % segment_chunks == 0);

/// Leaves [begin, end) are all of one kind that has no bytes.
struct UniformLeaves {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    MapKind kind = MapKind::unallocated;
};

/// The whole leaves from `leaf` on that are zero, or unallocated, throughout; nullopt when there is none. Reads only
/// the allocation map, so empty space costs almost nothing, whatever its size.
std::optional<UniformLeaves> uniform_leaves_at(const ImageReader& source, std::uint64_t leaf);

struct ScannedChunk {
    MapKind kind = MapKind::unallocated;
    bool is_same = false;  ///< present, and known to equal the parent's chunk, as does its id
    ChunkId id;            ///< of a present chunk
    Fingerprint fingerprint;
};

struct ScannedSegment {
    ChunkIndex first;
    std::vector<ScannedChunk> chunks;  ///< segment_chunks, or fewer at the disk's end
    BufferPool::Buffer data;           ///< chunk i of the segment at i × chunk_bytes; only present chunks count

    ByteView bytes_of_chunk(std::size_t i) const { return data.view().subspan(i * chunk_bytes, chunk_bytes); }
};

/// How many chunks the segment from `first` on has: segment_chunks, or fewer at the disk's end.
std::size_t chunks_in_segment(ChunkIndex first, ByteCount disk_size);

/// Walks the leaves of a disk in guest order. `skip(leaf)` handles the whole leaves from `leaf` on and returns the leaf
/// after them, or nullopt: then `scan(leaf)` is called.
template <typename Skip, typename Scan>
void walk_leaves(ByteCount disk_size, const Skip& skip, const Scan& scan) {
    for (std::uint64_t leaf = 0; leaf < leaf_count(disk_size);) {
        if (const std::optional<std::uint64_t> next = skip(leaf)) {
            leaf = *next;
        } else {
            scan(leaf);
            ++leaf;
        }
    }
}

/// Calls `visit` with the first chunk of each segment of a leaf.
template <typename Visit>
void for_each_segment(std::uint64_t leaf, ByteCount disk_size, const Visit& visit) {
    const std::uint64_t end = std::min(chunk_count(disk_size), (leaf + 1) * map_fanout);
    for (std::uint64_t first = leaf * map_fanout; first < end; first += segment_chunks) visit(ChunkIndex{first});
}

/// Scans the chunks of the segment from `first` on. `parent` describes the leaf that they are in; null for a first
/// backup. Chunks marked in `inherited` (empty: none) are taken from it unread.
ScannedSegment scan_segment(const ImageReader& source, ChunkIndex first, const KnownLeaf* parent,
                            const std::vector<bool>& inherited, const Fingerprinter& fingerprinter,
                            BufferPool& buffers);

/// Reads one chunk for its kind and id alone (no fingerprint). `buffers` hold a chunk at least.
ScannedChunk scan_chunk(const ImageReader& source, ChunkIndex chunk, BufferPool& buffers);

}  // namespace varve
