#pragma once
/// `backup --all-snapshots`: the snapshots inside an image or of a logical volume, oldest first, as snapshots of the
/// disk with their own times, then its active state. Each is a commit of its own, so that a run which is cut off keeps
/// what it has; those that the disk has already are passed over. What two states share is read once.

#include <functional>
#include <stop_token>
#include <vector>

#include "cli/frozen_states.h"
#include "cli/open_repository.h"
#include "cli/render_backup.h"

namespace varve {

class AllSnapshotsBackup {
public:
    using Taken = std::function<void(const SnapshotRecord&)>;

    /// `active` is the source as it is now; the attachments are kept with it. Borrows inputs and attachments.
    AllSnapshotsBackup(const BackupInputs& inputs, BackupInput active, const std::vector<FileToAttach>& attachments)
        : inputs_(inputs), active_(std::move(active)), attachments_(attachments) {}

    /// Tells each commit as soon as it stands.
    void run(RepositoryAccess& access, Progress& progress, const std::stop_token& stop, const Taken& taken);

    const std::vector<SkippedSnapshot>& skipped() const { return skipped_; }

private:
    bool is_there(RepositoryAccess& access, const FrozenState& state);
    SnapshotRecord back_up(RepositoryAccess& access, BackupInput& input, const std::vector<FileToAttach>& attachments,
                           Progress& progress, const std::stop_token& stop);

    const BackupInputs& inputs_;
    BackupInput active_;
    const std::vector<FileToAttach>& attachments_;
    std::vector<SkippedSnapshot> skipped_;
};

}  // namespace varve
