#pragma once
/// What is known of a snapshot's chunks without reading their bytes: entry, id and fingerprint by position. The parent
/// of a backup, one side of a diff. Safe from many threads.

#include <array>
#include <cstdint>

#include "engine/repository/disk_map.h"
#include "engine/repository/fingerprint.h"
#include "engine/repository/slot_directory.h"

namespace varve {

/// One leaf with the ids and fingerprints of its present chunks; those of nothing are zero.
struct KnownLeaf {
    LeafPage page;
    std::array<ChunkId, map_fanout> ids;
    std::array<Fingerprint, map_fanout> fingerprints;
};

/// The slot that `address` means today, moves followed. Throws Error(corrupt) for a slot that is not there or a chunk
/// that is gone.
Slot slot_of(const SlotDirectory& directory, const ChunkAddress& address);

/// The leaf below `subtree` (which is of level 0), described.
KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree);

}  // namespace varve
