#include "engine/backup/leaf_assembly.h"

#include <algorithm>

namespace varve {

ByteCount bytes_in_chunk(ChunkIndex chunk, ByteCount disk_size) {
    const std::uint64_t begin = chunk.begin().value;
    return {begin >= disk_size.value ? 0 : std::min<std::uint64_t>(chunk_bytes, disk_size.value - begin)};
}

void LeafAssembly::add(const ScannedSegment& segment, Deduplicator& deduplicator, ByteCount disk_size) {
    for (std::size_t i = 0; i < segment.chunks.size(); ++i) {
        const ScannedChunk& chunk = segment.chunks[i];
        const ChunkIndex index{segment.first.value + i};
        const std::size_t at = index.value % map_fanout;
        LeafEntry& entry = page_.entries[at];
        entry.kind = chunk.kind;
        if (chunk.is_same) {
            entry.address = parent_->page.entries[at].address;
        } else if (chunk.kind == MapKind::present) {
            entry.address = deduplicator.put(chunk.id, chunk.fingerprint, segment.bytes_of_chunk(i));
        }
        ids_[at] = chunk.id;
        const ChunkId before = parent_ ? parent_->ids[at] : ChunkId{};
        if (chunk.id != before) bytes_changed_ += bytes_in_chunk(index, disk_size);
    }
}

void LeafAssembly::finish(MapBuilder& map) const {
    if (parent_ && parent_->page == page_) return;
    map.set_leaf(leaf_, page_, leaf_digest(ids_));
}

}  // namespace varve
