#include "cli/all_snapshots_backup.h"

namespace varve {

/// Whether the disk has the state already; notes it as the one to compare the next with.
bool AllSnapshotsBackup::is_there(RepositoryAccess& access, const FrozenState& state) {
    std::optional<SnapshotRecord> there;
    access.run([&](Repository& repository) {
        there = snapshot_of_state(repository.catalog, active_.source.disk, state.identity);
    });
    if (!there) return false;
    skipped_.push_back({active_.source.path, state.facts, there->id});
    former_ = Former{state, there->id, TakenBy::earlier_run};
    return true;
}

/// The active reader was opened before everything else and asks whether the files are what they were then: so what an
/// earlier state of this run was read from is what this one is compared in.
void AllSnapshotsBackup::compare_with_former(BackupInput& input) const {
    if (!former_) return;
    compare_with_state(input, former_->state, former_->snapshot, former_->taken_by);
    active_.image->check_unchanged();
}

SnapshotRecord AllSnapshotsBackup::back_up(RepositoryAccess& access, BackupInput& input,
                                           const std::vector<FileToAttach>& attachments, Progress& progress,
                                           const std::stop_token& stop) {
    SnapshotRecord snapshot;
    access.run([&](Repository& repository) {
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
        compare_with_former(input);
        const SnapshotRecord snapshot = back_up(access, input, {}, progress, stop);
        former_ = Former{state, snapshot.id, TakenBy::this_run};
        taken(snapshot);
    }
    bool is_newest = false;
    access.run([&](Repository& repository) {
        const auto all = repository.catalog.snapshots(active_.source.disk);
        is_newest = former_ && !all.empty() && all.back().record.id == former_->snapshot;
    });
    if (is_newest) compare_with_former(active_);
    taken(back_up(access, active_, attachments_, progress, stop));
}

}  // namespace varve
