#pragma once
/// What may differ between a classic snapshot and a later state of the same origin, according to the exception stores
/// alone. No data is read.
///
/// A chunk enters a snapshot's store the first time the origin or the snapshot is written to there. So a chunk that is
/// not in the store is the same in the snapshot and in the origin now, and has been for as long as the snapshot has
/// existed: a backup that read it from the snapshot would read the same bytes again. This also holds for snapshots that
/// were written to: such chunks are in their stores and count as different.

#include "engine/change/range_changes.h"
#include "formats/lvm/exception_store.h"

namespace varve::lvm {

/// From a snapshot to the current state of its origin. Bytes of the origin past the snapshot's size may differ.
RangeChanges changes_to_origin(const ExceptionStore& snapshot, ByteCount origin_size);

/// From one snapshot to another of the same origin, regardless of which is older; their chunk sizes may differ.
RangeChanges changes_to_snapshot(const ExceptionStore& before, const ExceptionStore& now);

}  // namespace varve::lvm
