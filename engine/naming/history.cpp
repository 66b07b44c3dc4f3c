#include "engine/naming/history.h"

#include <algorithm>
#include <tuple>

#include "engine/base/check.h"

namespace varve {
namespace {

bool is_before_in_log(const ListedSnapshot& a, const ListedSnapshot& b) {
    return std::tie(a.commit, a.position) < std::tie(b.commit, b.position);
}

/// Whether `b` is nearer to the end of the history.
bool is_before_in_history(const ListedSnapshot& a, const ListedSnapshot& b) {
    const bool a_is_active = is_active_state(a.record);
    const bool b_is_active = is_active_state(b.record);
    return a_is_active != b_is_active ? b_is_active : is_before_in_log(a, b);
}

}  // namespace

bool is_active_state(const SnapshotRecord& snapshot) { return snapshot.source.snapshot.empty(); }

std::vector<ListedSnapshot> in_history_order(std::vector<ListedSnapshot> snapshots) {
    std::ranges::sort(snapshots, is_before_in_log);
    const auto is_active = [](const ListedSnapshot& s) { return is_active_state(s.record); };
    const auto last = std::find_if(snapshots.rbegin(), snapshots.rend(), is_active);
    if (last != snapshots.rend()) std::rotate(last.base() - 1, last.base(), snapshots.end());
    return snapshots;
}

const ListedSnapshot& latest_of(std::span<const ListedSnapshot> snapshots) {
    VARVE_CHECK(!snapshots.empty());
    return *std::ranges::max_element(snapshots, is_before_in_history);
}

bool is_ahead(const ListedSnapshot& snapshot, std::span<const ListedSnapshot> snapshots, TimeNs now) {
    if (snapshot.record.time > now) return true;
    return std::ranges::any_of(snapshots, [&](const ListedSnapshot& other) {
        return other.record.disk == snapshot.record.disk && is_active_state(other.record) &&
               is_before_in_log(snapshot, other) && other.record.time < snapshot.record.time;
    });
}

}  // namespace varve
