#pragma once
/// How the volumes of a group relate to each other: which is a snapshot of which, and which will be merged into which.
/// Borrows the group. Immutable; safe to use from many threads.

#include <string_view>
#include <vector>

#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// A classic snapshot, known to users by the name of its store.
struct ClassicSnapshot {
    const LogicalVolume* store = nullptr;
    const LogicalVolume* origin = nullptr;
    ByteCount size;  ///< the origin's size when the snapshot was taken
    ByteCount chunk_size;
    bool is_merging = false;
};

class Relations {
public:
    /// Throws Error(corrupt) for a snapshot whose store or origin does not exist, and for a store with two snapshots.
    explicit Relations(const VolumeGroup& group);

    /// The classic snapshot whose store is `volume`; null if it is not a store.
    const ClassicSnapshot* snapshot_in(const LogicalVolume& volume) const;
    /// The classic snapshot that is being merged into `origin`; null if there is none.
    const ClassicSnapshot* merging_into(const LogicalVolume& origin) const;
    /// The thin volume that is to replace `volume`; null if there is none.
    const LogicalVolume* thin_merging_into(const LogicalVolume& volume) const;

    /// The snapshots of `origin` itself, classic and thin ones, oldest first.
    std::vector<const LogicalVolume*> snapshots_of(const LogicalVolume& origin) const;
    /// What `volume` is a snapshot of; null if it is not a snapshot, or its origin no longer exists.
    const LogicalVolume* origin_of(const LogicalVolume& volume) const;
    /// The size at which the volume is read, which for a classic snapshot is not that of its store.
    ByteCount size_of(const LogicalVolume& volume) const;

private:
    const VolumeGroup& group_;
    std::vector<ClassicSnapshot> classic_;
};

/// The only segment of a thin volume; null for any other volume.
const ThinSegment* thin_segment_of(const LogicalVolume& volume);

}  // namespace varve::lvm
