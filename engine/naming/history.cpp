#include "engine/naming/history.h"

#include <algorithm>
#include <numeric>
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

std::vector<bool> which_are_ahead(std::span<const ListedSnapshot> snapshots, TimeNs now) {
    std::vector<std::size_t> latest_first(snapshots.size());
    std::iota(latest_first.begin(), latest_first.end(), std::size_t{0});
    std::ranges::sort(latest_first,
                      [&](std::size_t a, std::size_t b) { return is_before_in_log(snapshots[b], snapshots[a]); });
    std::vector<bool> ahead(snapshots.size());
    TimeNs limit = now;
    for (const std::size_t i : latest_first) {
        const SnapshotRecord& record = snapshots[i].record;
        ahead[i] = record.time > limit;
        if (is_active_state(record)) limit = std::min(limit, record.time);
    }
    return ahead;
}

}  // namespace varve
