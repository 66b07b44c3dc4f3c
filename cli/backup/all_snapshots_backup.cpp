#include "cli/backup/all_snapshots_backup.h"

#include <algorithm>

#include "engine/backup/backup.h"
#include "engine/backup/change_policy.h"

namespace varve {

/// The active reader was opened before everything else and checks that the files have not changed since: so this state
/// is compared within the same files that an earlier state of this run was read from.
SnapshotRecord AllSnapshotsBackup::back_up(Repository& repository, const OpenedSource& input,
                                           const std::vector<FileToAttach>& attachments, Progress& progress,
                                           const std::stop_token& stop) const {
    active_.image->check_unchanged();
    const BackupGroup group{"", {{input.image.get(), input.request}}, attachments};
    return backup(repository, group, progress, stop).front();
}

void AllSnapshotsBackup::run(const ImageSnapshot& snapshot, RepositoryAccess& access, Progress& progress,
                             const std::stop_token& stop, const Listener& listener) {
    try {
        const OpenedSource input = opener_.open_snapshot(active_, snapshot);
        std::optional<SnapshotRecord> existing;
        SnapshotRecord taken;
        access.run([&](Repository& repository) {
            existing = find_state(repository.catalog, active_.source.disk, input.image->info().state);
            if (!existing) taken = back_up(repository, input, {}, progress, stop);
        });
        if (existing)
            skipped_.push_back({active_.source.path, snapshot, existing->id});
        else
            listener.taken(taken);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) throw;
        listener.failed(snapshot, error);
    }
}

void AllSnapshotsBackup::run(RepositoryAccess& access, Progress& progress, const std::stop_token& stop,
                             const Listener& listener) {
    access.run([&](Repository& repository) { opener_.check_fits(repository, active_); });
    std::vector<ImageSnapshot> snapshots = active_.image->info().snapshots;
    std::ranges::stable_sort(snapshots, {}, &ImageSnapshot::time_ns);
    for (const ImageSnapshot& snapshot : snapshots) run(snapshot, access, progress, stop, listener);
    SnapshotRecord taken;
    access.run([&](Repository& repository) { taken = back_up(repository, active_, attachments_, progress, stop); });
    listener.taken(taken);
}

}  // namespace varve
