#include "cli/backup/all_snapshots_backup.h"

#include <algorithm>

#include "cli/backup/compare_with_former.h"

namespace varve {
namespace {

/// The newest snapshot of the disk that holds the state (ImageInfo::state), if the repository has it.
std::optional<SnapshotRecord> snapshot_of_state(const Catalog& catalog, const std::string& disk,
                                                const std::string& state) {
    std::optional<SnapshotRecord> found;
    for (const ListedSnapshot& listed : catalog.snapshots(disk))
        if (!state.empty() && listed.record.source.state == state) found = listed.record;
    return found;
}

}  // namespace

bool AllSnapshotsBackup::is_there(RepositoryAccess& access, const BackupInput& input, const ImageSnapshot& snapshot) {
    std::optional<SnapshotRecord> there;
    access.run([&](Repository& repository) {
        there = snapshot_of_state(repository.catalog, active_.source.disk, input.image->info().state);
    });
    if (there) skipped_.push_back({active_.source.path, snapshot, there->id});
    return there.has_value();
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

void AllSnapshotsBackup::run(const ImageSnapshot& snapshot, RepositoryAccess& access, Progress& progress,
                             const std::stop_token& stop, const Listener& listener) {
    try {
        BackupInput input = inputs_.open_snapshot(active_, snapshot);
        if (is_there(access, input, snapshot)) return;
        listener.taken(back_up(access, input, {}, progress, stop));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) throw;
        listener.failed(snapshot, error);
    }
}

void AllSnapshotsBackup::run(RepositoryAccess& access, Progress& progress, const std::stop_token& stop,
                             const Listener& listener) {
    access.run([&](Repository& repository) { inputs_.check_same_source(repository.catalog, active_); });
    std::vector<ImageSnapshot> snapshots = active_.image->info().snapshots;
    std::ranges::stable_sort(snapshots, {}, &ImageSnapshot::time_ns);
    for (const ImageSnapshot& snapshot : snapshots) run(snapshot, access, progress, stop, listener);
    listener.taken(back_up(access, active_, attachments_, progress, stop));
}

}  // namespace varve
