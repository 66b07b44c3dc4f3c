#pragma once
/// What is known of a snapshot's chunks without reading their bytes: entry, id and fingerprint by position. Used for
/// the parent of a backup and each side of a diff. Safe from many threads.

#include <array>
#include <bitset>
#include <cstdint>

#include "engine/repository/disk_map.h"
#include "engine/repository/fingerprint.h"
#include "engine/repository/slot_directory.h"

namespace varve {

/// One leaf with the ids and fingerprints of its present chunks; zero where there is no chunk.
struct KnownLeaf {
    LeafPage page;
    std::array<ChunkId, map_fanout> ids;
    std::array<Fingerprint, map_fanout> fingerprints;
    std::bitset<map_fanout> unsound;  ///< chunks that must be stored again (soundness.h)
};

class Soundness;

/// Describes the leaf below `subtree`, which is of level 0. Throws Error(corrupt) for a slot that does not exist or a
/// chunk that is gone.
KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree);

/// The same for a snapshot in a damaged repository: marks what is unsound, and of what is gone altogether leaves id and
/// fingerprint zero.
KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree,
                        Soundness& soundness);

}  // namespace varve
