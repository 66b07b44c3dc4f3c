#pragma once
/// Assembles the scanned segments of one leaf, in guest order, into the leaf's new page, and counts what changed
/// since the parent. One thread.

#include <memory>

#include "engine/backup/deduplicator.h"
#include "engine/backup/map_builder.h"
#include "engine/backup/segment_scan.h"
#include "engine/repository/known_chunks.h"

namespace varve {

class LeafAssembly {
public:
    /// `parent` describes the leaf as the parent snapshot has it; null for a first backup.
    LeafAssembly(std::uint64_t leaf, std::shared_ptr<const KnownLeaf> parent)
        : leaf_(leaf), parent_(std::move(parent)) {}

    /// Stores what is new of `segment`. `disk_size` clips the last chunk when bytes are counted.
    void add(const ScannedSegment& segment, Deduplicator& deduplicator, ByteCount disk_size);

    /// Passes the page to `map` unless it equals the parent's.
    void finish(MapBuilder& map) const;

    std::uint64_t leaf() const { return leaf_; }
    ByteCount bytes_changed() const { return bytes_changed_; }

private:
    std::uint64_t leaf_;
    std::shared_ptr<const KnownLeaf> parent_;
    LeafPage page_;
    std::array<ChunkId, map_fanout> ids_{};
    ByteCount bytes_changed_;
};

/// Guest bytes of a chunk; only the last chunk of a disk can be partial.
ByteCount bytes_in_chunk(ChunkIndex chunk, ByteCount disk_size);

}  // namespace varve
