#pragma once
/// Proves that a snapshot's map is the one whose digest the snapshot's root binds, with the size that it binds: that
/// the pages, and the ids of the chunks they name, have the digests that the pages above state. Reads map pages, no
/// chunks.

#include "engine/repository/disk_map.h"
#include "engine/repository/slot_directory.h"

namespace varve {

/// What is wrong with the snapshot's size and root, to continue "the snapshot …"; nullopt when they agree.
std::optional<std::string> root_fault(const SnapshotRecord& snapshot);

/// Throws Error(corrupt) when size, root or a page that covers `range` of the disk is not what the root binds, or when
/// the map has chunks past the disk's end.
void prove_map(const ChunkStore& chunks, const SlotDirectory& directory, const SnapshotRecord& snapshot,
               ByteRange range);

}  // namespace varve
