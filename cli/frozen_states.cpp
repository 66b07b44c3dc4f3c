#include "cli/frozen_states.h"

#include <algorithm>

namespace varve {
namespace {

constexpr const char* change_source_name = "qcow2-snapshots";

OpenOptions options_for(const BackupInput& input, const ImageSnapshot& snapshot) {
    OpenOptions options = input.opened_as;
    options.snapshot = id_name(snapshot);
    return options;
}

}  // namespace

std::vector<FrozenState> frozen_states(const BackupInput& input) {
    std::vector<FrozenState> states;
    for (const ImageSnapshot& snapshot : input.image->info().snapshots) {
        const auto image = open_image(input.source.path, options_for(input, snapshot));
        states.push_back({snapshot, image->info().state});
    }
    std::ranges::stable_sort(states, {}, [](const FrozenState& state) { return state.facts.time_ns; });
    return states;
}

std::optional<SnapshotRecord> snapshot_of_state(const Catalog& catalog, const std::string& disk,
                                                const std::string& identity) {
    std::optional<SnapshotRecord> found;
    for (const ListedSnapshot& listed : catalog.snapshots(disk))
        if (!identity.empty() && listed.record.source.state == identity) found = listed.record;
    return found;
}

void compare_with_state(BackupInput& input, const FrozenState& state, const SnapshotId& snapshot, TakenBy taken_by) {
    if (taken_by == TakenBy::earlier_run && input.image->info().backing) return;
    input.changes = changes_between_states(input.source.path, input.opened_as, id_name(state.facts));
    if (input.changes) input.request.changes = KnownChanges{snapshot, input.changes.get(), change_source_name};
}

void compare_with_newest(BackupInput& input, const Catalog& catalog) {
    const auto former = catalog.snapshots(input.request.disk);
    if (former.empty() || former.back().record.source.state.empty()) return;
    for (const FrozenState& state : frozen_states(input))
        if (state.identity == former.back().record.source.state)
            return compare_with_state(input, state, former.back().record.id, TakenBy::earlier_run);
}

}  // namespace varve
