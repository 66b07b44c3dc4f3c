#include "cli/frozen_states.h"

#include <algorithm>

namespace varve {
namespace {

constexpr const char* change_source_name = "qcow2-snapshots";

std::string by_id(const ImageSnapshot& snapshot) { return "id:" + snapshot.id; }

}  // namespace

std::vector<FrozenState> frozen_states(const BackupInputs& inputs, const BackupSource& source, const ImageInfo& info) {
    std::vector<FrozenState> states;
    for (const ImageSnapshot& snapshot : info.snapshots) {
        const auto image = open_image(source.path, inputs.open_options(by_id(snapshot)));
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

void compare_with_state(BackupInput& input, const BackupInputs& inputs, const FrozenState& state,
                        const SnapshotId& snapshot, TakenBy taken_by) {
    if (taken_by == TakenBy::earlier_run && input.image->info().backing) return;
    input.changes = changes_between_states(input.source.path, inputs.open_options(input.opened_as), by_id(state.facts));
    if (input.changes) input.request.changes = KnownChanges{snapshot, input.changes.get(), change_source_name};
}

void compare_with_newest(BackupInput& input, const BackupInputs& inputs, const Catalog& catalog) {
    const auto former = catalog.snapshots(input.request.disk);
    if (former.empty() || former.back().record.source.state.empty()) return;
    for (const FrozenState& state : frozen_states(inputs, input.source, input.image->info()))
        if (state.identity == former.back().record.source.state)
            return compare_with_state(input, inputs, state, former.back().record.id, TakenBy::earlier_run);
}

}  // namespace varve
