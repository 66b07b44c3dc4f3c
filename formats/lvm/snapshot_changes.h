#pragma once
/// What may differ between a classic snapshot and a later state of the same origin, from exception stores alone. No
/// data is read.
///
/// A chunk gets into a snapshot's store the first time when the origin or the snapshot is written to there. So a chunk
/// that the store does not have is in the snapshot what the origin has now, and always was while the snapshot lived:
/// what a backup of the snapshot read there, it would read again. This holds for snapshots that were written to, too:
/// such chunks are in their stores and count as different.

#include "engine/change/range_changes.h"
#include "formats/lvm/exception_store.h"

namespace varve::lvm {

/// From a snapshot to its origin as it is now. Bytes of the origin past the snapshot's size may differ.
RangeChanges changes_to_origin(const ExceptionStore& snapshot, ByteCount origin_size);

/// From one snapshot to another of the same origin, whichever of them is older; their chunk sizes may differ.
RangeChanges changes_to_snapshot(const ExceptionStore& before, const ExceptionStore& now);

}  // namespace varve::lvm
