#include "engine/repository/snapshot_reader.h"

#include <algorithm>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {
namespace {

ExtentKind extent_kind(MapKind kind) {
    switch (kind) {
        case MapKind::present:
            return ExtentKind::data;
        case MapKind::zero:
            return ExtentKind::zero;
        case MapKind::unallocated:
            break;
    }
    return ExtentKind::unallocated;
}

}  // namespace

SnapshotReader::SnapshotReader(const ChunkStore& chunks, const SnapshotRecord& snapshot)
    : chunks_(chunks), map_(chunks, snapshot) {
    info_.format = "snapshot";
    info_.virtual_size = snapshot.size;
    info_.cluster_size = {chunk_bytes};
}

Extent SnapshotReader::clipped(ByteOffset begin, std::uint64_t end, MapKind kind) const {
    return {begin, ByteOffset{std::min(end, info_.virtual_size.value)} - begin, extent_kind(kind)};
}

/// The end of the largest uniform subtree around `at`: that of the first level, from the top, with a uniform one there.
Extent SnapshotReader::uniform_extent(std::uint64_t leaf, ByteOffset at) const {
    for (int level = map_root_level - 1; level >= 0; --level) {
        const std::uint64_t leaves = leaves_per_entry(level + 1);
        const Subtree subtree = map_.subtree(level, leaf / leaves);
        if (subtree.kind != MapKind::present)
            return clipped(at, (leaf / leaves + 1) * leaves * leaf_bytes, subtree.kind);
    }
    VARVE_CHECK(false);
    return {};
}

Extent SnapshotReader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    const std::uint64_t leaf = at.value / leaf_bytes;
    const Subtree subtree = map_.subtree(0, leaf);
    if (subtree.kind != MapKind::present) return uniform_extent(leaf, at);
    const auto page = map_.leaf(subtree);
    const std::size_t first = chunk_containing(at).value % map_fanout;
    std::size_t end = first + 1;
    while (end < map_fanout && page->entries[end].kind == page->entries[first].kind) ++end;
    return clipped(at, leaf * leaf_bytes + end * chunk_bytes, page->entries[first].kind);
}

void SnapshotReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const std::uint64_t leaf = at.value / leaf_bytes;
        const std::size_t count =
            static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), (leaf + 1) * leaf_bytes - at.value));
        read_leaf(leaf, at, out.first(count));
        at += ByteCount{count};
        out = out.subspan(count);
    }
}

void SnapshotReader::read_leaf(std::uint64_t leaf, ByteOffset at, ByteSpan out) const {
    const Subtree subtree = map_.subtree(0, leaf);
    if (subtree.kind != MapKind::present) {
        std::fill(out.begin(), out.end(), std::byte{0});
        return;
    }
    const auto page = map_.leaf(subtree);
    // The requested part of each chunk, as a place in `out`.
    struct Piece {
        std::size_t skip;  // bytes of the chunk before the requested ones
        ByteSpan target;
    };
    std::vector<ChunkAddress> addresses;
    std::vector<Piece> pieces;
    for (std::size_t done = 0; done < out.size();) {
        const ByteOffset position = at + ByteCount{done};
        const std::size_t skip = position.value % chunk_bytes;
        const ByteSpan target = out.subspan(done, std::min(out.size() - done, chunk_bytes - skip));
        const LeafEntry& entry = page->entries[chunk_containing(position).value % map_fanout];
        if (entry.kind == MapKind::present) {
            addresses.push_back(entry.address);
            pieces.push_back({skip, target});
            bytes_read_.fetch_add(target.size(), std::memory_order_relaxed);
        } else {
            std::fill(target.begin(), target.end(), std::byte{0});
        }
        done += target.size();
    }
    chunks_.get(addresses, [&](std::size_t i, ByteView plain) {
        std::memcpy(pieces[i].target.data(), plain.data() + pieces[i].skip, pieces[i].target.size());
    });
}

}  // namespace varve
