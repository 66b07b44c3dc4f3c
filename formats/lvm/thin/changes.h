#pragma once
/// What may differ between a thin device now and another one (or itself) at the time of its backup, according to the
/// pool's mappings alone.
///
/// Why this is sound. The pool's time advances by one whenever a snapshot is taken, and both sides of the snapshot are
/// marked with the new time (snapshotted_time). A data block records the time at which it was allocated, and two
/// devices can share a block only through a snapshot, so each of them is then marked later than its shared blocks. A
/// device writes in place only to blocks that are not older than its mark; it never writes to older ones again, even if
/// they are no longer shared, but maps a new block instead. Therefore:
/// - Where both devices map the same data block and it was allocated before the mark that `before` had when it was
///   backed up (`frozen_at`), the block has not been written since: its bytes are those of the backup.
/// - A block that `before` maps and that is not older may have been written in place since: it may differ.
/// - A node that is in both trees was shared through a snapshot too: everything it maps is older than the mark that
///   `before` has now, and nothing in it was remapped or discarded since. As long as that mark is still `frozen_at`,
///   everything below such a node is the same and need not be read. When a device is compared with itself, a
///   shared node proves nothing.
/// - Where neither maps anything, `before` may have had a block that was discarded since. The current maps do not show
///   this: use before_is_untouched().

#include "engine/change/change_map.h"
#include "formats/lvm/thin/comparison.h"

namespace varve::thin {

/// Whether both devices read the same bytes where neither has a block.
enum class ExternalOrigins {
    same,  ///< or both without one
    different,
};

/// Two devices of one pool, from the same commit of its metadata.
struct DevicePair {
    Device before;
    Device now;
    std::uint32_t frozen_at = 0;  ///< snapshotted_time of `before` when it was backed up
    ByteCount chunk_size;         ///< of the pool
    ByteCount size_before;        ///< when it was backed up
    ByteCount size_now;
    ExternalOrigins external_origins = ExternalOrigins::same;
};

class Changes final : public ChangeMap {
public:
    /// Reads one path from root to leaf in each tree. Throws Error(corrupt), Error(io).
    Changes(const std::shared_ptr<const MetadataBlocks>& blocks, const DevicePair& pair);

    /// Exact to a chunk. If the sizes differ, everything may differ from the chunk with the end of the smaller one on.
    ChangeRun change_at(ByteOffset at) const override;

    /// Whether `before`, which had `mapped_blocks_then` blocks when it was backed up, is unchanged: nothing was written
    /// to it or discarded from it since. Walks everything that the devices do not share. A discard shows in the number
    /// of blocks, or else in the block that was mapped in exchange, which is not older than the mark; a device that had
    /// such blocks when it was backed up never counts as untouched. The caller must check that it is the same device,
    /// not a new one with the same id (creation_time, transaction_id).
    bool before_is_untouched(std::uint64_t mapped_blocks_then) const;

private:
    bool is_young(const ComparedRun& run) const { return run.time_before && *run.time_before >= pair_.frozen_at; }
    bool may_differ(const ComparedRun& run) const;
    ByteOffset offset_of(std::uint64_t block) const;

    DevicePair pair_;
    Comparison comparison_;
    std::uint64_t comparable_blocks_;  // those before the first that is complete in one device only
};

}  // namespace varve::thin
