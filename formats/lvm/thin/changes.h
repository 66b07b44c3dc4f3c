#pragma once
/// What may differ between a thin device as it is now and another one (or itself) as it was when it was backed up, from
/// the pool's mappings alone.
///
/// Why it is sound. The pool's time goes on by one whenever a snapshot is taken, and both sides of the snapshot are
/// marked with the new time (snapshotted_time). A data block carries the time at which it was allocated, and two
/// devices come to share one only by a snapshot, so each is then marked later than its shared blocks. A device writes
/// in place only into blocks that are not older than its mark; into all others it never writes again, even when nobody
/// shares them any more, but maps a new block instead. So:
/// - Where both devices map one data block that was allocated before the mark which `before` had when it was backed up
///   (`frozen_at`), nobody wrote to that block since then: the bytes are those of the backup.
/// - A block that `before` maps and that is not older may have been written in place since: it may differ.
/// - A node that both trees have was shared by a snapshot, too: all it maps is older than the mark that `before` has
///   now, and nothing in it was mapped anew or discarded since. As long as that mark is still `frozen_at`, what lies
///   below such a node is the same without a look at it. Of a device and itself nothing is told by a shared node.
/// - Where nothing is mapped in either, `before` may have had a block that was discarded since. The maps of now do not
///   show that: ask before_is_untouched().

#include "engine/change/change_map.h"
#include "formats/lvm/thin/comparison.h"

namespace varve::thin {

/// Whether the same bytes show through where neither device has a block.
enum class ExternalOrigins {
    same,  ///< or none in both
    different,
};

/// Two devices of one pool, as one commit of its metadata has them.
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
    /// Reads one way down in each tree. Throws Error(corrupt), Error(io).
    Changes(const std::shared_ptr<const MetadataBlocks>& blocks, const DevicePair& pair);

    /// Exact to a chunk. Where the sizes differ, everything may differ from the chunk on that holds the smaller end.
    ChangeRun change_at(ByteOffset at) const override;

    /// Whether `before`, backed up with `mapped_blocks_then` blocks, is as it was: nothing was written to it or
    /// discarded from it since. Walks all that the devices do not share. A discard shows in the number of blocks, or
    /// else in the block that was mapped instead, as that is not older than the mark; a device that had such blocks
    /// when it was backed up never counts as untouched. That it is the same device, not a new one of the same id, is
    /// for the caller to see (creation_time, transaction_id).
    bool before_is_untouched(std::uint64_t mapped_blocks_then) const;

private:
    bool is_young(const ComparedRun& run) const { return run.time_before && *run.time_before >= pair_.frozen_at; }
    bool may_differ(const ComparedRun& run) const;
    ByteOffset offset_of(std::uint64_t block) const;

    DevicePair pair_;
    Comparison comparison_;
    std::uint64_t comparable_blocks_;  // those before the first that only one device has in full
};

}  // namespace varve::thin
