#pragma once
/// How the volumes of a group stand to each other: which is a snapshot of which, and which is to become which. Borrows
/// the group. Immutable; safe from many threads.

#include <string_view>
#include <vector>

#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// A classic snapshot, known to users by the name of its store.
struct ClassicSnapshot {
    const LogicalVolume* store = nullptr;
    const LogicalVolume* origin = nullptr;
    ByteCount size;  ///< the origin's when it was taken
    ByteCount chunk_size;
    bool is_merging = false;
};

class Relations {
public:
    /// Throws Error(corrupt) for a snapshot whose store or origin is not there, and for a store with two snapshots.
    explicit Relations(const VolumeGroup& group);

    /// The classic snapshot whose store `volume` is; null when it is none.
    const ClassicSnapshot* snapshot_in(const LogicalVolume& volume) const;
    /// The classic snapshot that is being merged into `origin`; null when none is.
    const ClassicSnapshot* merging_into(const LogicalVolume& origin) const;
    /// The thin volume that is to take the place of `volume`; null when none is.
    const LogicalVolume* thin_merging_into(const LogicalVolume& volume) const;

    /// The snapshots that were taken of `origin` itself, classic and thin ones, oldest first.
    std::vector<const LogicalVolume*> snapshots_of(const LogicalVolume& origin) const;
    /// What `volume` is a snapshot of; null when it is none, or nothing that is still there.
    const LogicalVolume* origin_of(const LogicalVolume& volume) const;
    /// What the volume reads as: a classic snapshot's store has another size.
    ByteCount size_of(const LogicalVolume& volume) const;

private:
    const VolumeGroup& group_;
    std::vector<ClassicSnapshot> classic_;
};

/// The one thin segment of a thin volume; null for any other volume.
const ThinSegment* thin_segment_of(const LogicalVolume& volume);

}  // namespace varve::lvm
