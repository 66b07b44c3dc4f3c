#pragma once
/// `backup --all-snapshots`: an image's internal snapshots, oldest first, as snapshots of the disk with their own
/// times, then its active state. Each is a commit of its own, so that a run which is cut off keeps what it has; those
/// that the disk has already are passed over. Clusters that two states share are read once.

#include <functional>
#include <optional>
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
    /// The newest frozen state that the repository holds, and in which snapshot.
    struct Former {
        FrozenState state;
        SnapshotId snapshot;
        TakenBy taken_by = TakenBy::earlier_run;
    };

    bool is_there(RepositoryAccess& access, const FrozenState& state);
    SnapshotRecord back_up(RepositoryAccess& access, BackupInput& input, const std::vector<FileToAttach>& attachments,
                           Progress& progress, const std::stop_token& stop);
    void compare_with_former(BackupInput& input) const;

    const BackupInputs& inputs_;
    BackupInput active_;
    const std::vector<FileToAttach>& attachments_;
    std::optional<Former> former_;
    std::vector<SkippedSnapshot> skipped_;
};

}  // namespace varve
