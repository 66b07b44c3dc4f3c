#pragma once
/// The superblock of a thin pool's metadata: the roots of its trees as of the last commit, or as of the moment when the
/// metadata snapshot was reserved. Source: the kernel's drivers/md/dm-thin-metadata.c.

#include <optional>

#include "engine/base/digest.h"
#include "formats/lvm/thin/metadata_block.h"

namespace varve::thin {

struct Superblock {
    BlockNumber number = 0;     ///< its own
    std::uint32_t version = 0;  ///< 1 or 2
    std::uint32_t time = 0;     ///< counts the snapshots ever taken in the pool
    std::uint64_t transaction_id = 0;
    BlockNumber held_root = 0;  ///< the superblock of the metadata snapshot; 0: none
    BlockNumber data_mapping_root = 0;
    BlockNumber device_details_root = 0;
    ByteCount data_block_size;           ///< the pool's chunk
    std::uint64_t data_block_count = 0;  ///< of the data volume, according to the pool; 0 in a metadata snapshot
    Digest digest;                       ///< of the whole block: changes with every commit
};

enum class SuperblockChoice {
    main,  ///< the last commit: for a pool that is not in use
    held,  ///< the metadata snapshot: frozen even while the pool is in use
};

/// Reads and checks the superblock. nullopt for a pool that was never active, whose first block is all zero: it has no
/// devices and maps nothing. Throws Error(corrupt); Error(unsupported) for an unknown version or feature;
/// Error(refused) if the kernel marked the pool as needing a check; Error(not_found) if the metadata snapshot is
/// requested and there is none.
std::optional<Superblock> read_superblock(const MetadataBlocks& blocks, SuperblockChoice choice);

}  // namespace varve::thin
