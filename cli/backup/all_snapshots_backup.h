#pragma once
/// `backup --all-snapshots`: the snapshots inside an image or of a logical volume, oldest first, as snapshots of the
/// disk with their own times, then its active state. Each is a commit of its own, so that a run which is cut off keeps
/// what it has; those that the disk has already are passed over. What two states share is read once.

#include <functional>
#include <stop_token>
#include <vector>

#include "cli/backup/backup_inputs.h"
#include "cli/render/backup_report.h"
#include "cli/repository/open_repository.h"
#include "engine/base/error.h"

namespace varve {

class AllSnapshotsBackup {
public:
    /// Told as it goes on.
    struct Listener {
        std::function<void(const SnapshotRecord&)> taken;  ///< it stands
        std::function<void(const ImageSnapshot&, const Error&)> failed;
    };

    /// `active` is the source as it is now; the attachments are kept with it. Borrows inputs and attachments.
    AllSnapshotsBackup(const BackupInputs& inputs, BackupInput active, const std::vector<FileToAttach>& attachments)
        : inputs_(inputs), active_(std::move(active)), attachments_(attachments) {}

    /// A snapshot that fails is told, and the others go on; that the active state fails is thrown.
    void run(RepositoryAccess& access, Progress& progress, const std::stop_token& stop, const Listener& listener);

    const std::vector<SkippedSnapshot>& skipped() const { return skipped_; }

private:
    void run(const ImageSnapshot& snapshot, RepositoryAccess& access, Progress& progress, const std::stop_token& stop,
             const Listener& listener);
    SnapshotRecord back_up(Repository& repository, const BackupInput& input,
                           const std::vector<FileToAttach>& attachments, Progress& progress,
                           const std::stop_token& stop) const;

    const BackupInputs& inputs_;
    BackupInput active_;
    const std::vector<FileToAttach>& attachments_;
    std::vector<SkippedSnapshot> skipped_;
};

}  // namespace varve
