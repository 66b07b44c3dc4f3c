#pragma once
/// The snapshots of a disk in the order of the log. That order alone decides which is the latest: times are from the
/// clocks of hosts and images, any of which may have been ahead. Pure functions.

#include <optional>
#include <span>
#include <vector>

#include "engine/repository/catalog.h"

namespace varve {

/// Whether the snapshot is what its disk itself held, and not an internal snapshot of its image.
bool is_active_state(const SnapshotRecord& snapshot);

/// The snapshots of one disk as the log committed them, but the last active state at the end: an internal snapshot that
/// was backed up after it is an older state.
std::vector<ListedSnapshot> in_history_order(std::vector<ListedSnapshot> snapshots);

/// The last of in_history_order(): what `DISK@latest` is. `snapshots` is not empty.
const ListedSnapshot& latest_of(std::span<const ListedSnapshot> snapshots);

/// Whether a clock was wrong: the snapshot's time is later than `now`, or than that of an active state of its disk
/// among `snapshots` that was committed after it.
bool is_ahead(const ListedSnapshot& snapshot, std::span<const ListedSnapshot> snapshots, TimeNs now);

}  // namespace varve
