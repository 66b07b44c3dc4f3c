#pragma once
/// The snapshots of a disk in the order of the log. That order alone decides which is the latest: times are from the
/// clocks of hosts and images, any of which may have been ahead. Pure functions.

#include <span>
#include <vector>

#include "engine/repository/catalog.h"

namespace varve {

/// The snapshots of one disk as the log committed them, but the last active state at the end: an internal snapshot that
/// was backed up after it is an older state.
std::vector<ListedSnapshot> in_history_order(std::vector<ListedSnapshot> snapshots);

/// The last of in_history_order(): what `DISK@latest` is. `snapshots` is not empty.
const ListedSnapshot& latest_of(std::span<const ListedSnapshot> snapshots);

/// For each of the snapshots of one disk, whether the clock that set its time was ahead: the time is later than `now`,
/// or than that of an active state that was committed after it.
std::vector<bool> which_are_ahead(std::span<const ListedSnapshot> snapshots, TimeNs now);
}  // namespace varve
