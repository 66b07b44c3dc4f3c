#include "cli/frozen_states.h"

#include <algorithm>

namespace varve {
namespace {

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

}  // namespace varve
