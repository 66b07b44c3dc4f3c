#include "cli/all_snapshots_backup.h"

#include "cli/compare_with_former.h"

namespace varve {

bool AllSnapshotsBackup::is_there(RepositoryAccess& access, const FrozenState& state) {
    std::optional<SnapshotRecord> there;
    access.run([&](Repository& repository) {
        there = snapshot_of_state(repository.catalog, active_.source.disk, state.identity);
    });
    if (!there) return false;
    skipped_.push_back({active_.source.path, state.facts, there->id});
    return true;
}

/// The active reader was opened before everything else and asks whether the files are what they were then: so what an
/// earlier state of this run was read from is what this one is compared in.
SnapshotRecord AllSnapshotsBackup::back_up(RepositoryAccess& access, BackupInput& input,
                                           const std::vector<FileToAttach>& attachments, Progress& progress,
                                           const std::stop_token& stop) {
    SnapshotRecord snapshot;
    active_.image->check_unchanged();
    access.run([&](Repository& repository) {
        compare_with_former(input, repository.catalog, progress);
        const BackupGroup group{"", {{input.image.get(), input.request}}, attachments};
        snapshot = backup(repository, group, progress, stop).front();
    });
    return snapshot;
}

void AllSnapshotsBackup::run(RepositoryAccess& access, Progress& progress, const std::stop_token& stop,
                             const Taken& taken) {
    access.run([&](Repository& repository) { inputs_.check_same_source(repository.catalog, active_); });
    for (const FrozenState& state : frozen_states(active_)) {
        if (is_there(access, state)) continue;
        BackupInput input = inputs_.open_snapshot(active_, state.facts);
        taken(back_up(access, input, {}, progress, stop));
    }
    taken(back_up(access, active_, attachments_, progress, stop));
}

}  // namespace varve
