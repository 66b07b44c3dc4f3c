#pragma once
/// `backup --all-snapshots`: the snapshots inside an image or of a logical volume, oldest first, as snapshots of the
/// disk with their own times, then its active state. Each is its own commit, so that an interrupted run keeps what it
/// has; snapshots that the repository has already are skipped. What two states share is read once.

#include <functional>
#include <stop_token>
#include <vector>

#include "cli/backup/source_opener.h"
#include "cli/render/backup_report.h"
#include "cli/repository/open_repository.h"
#include "engine/base/error.h"

namespace varve {

class AllSnapshotsBackup {
public:
    /// Called as the run proceeds.
    struct Listener {
        std::function<void(const SnapshotRecord&)> taken;  ///< it is committed
        std::function<void(const ImageSnapshot&, const Error&)> failed;
    };

    /// `active` is the source as it is now; the attachments are stored with it. Borrows opener and attachments.
    AllSnapshotsBackup(const SourceOpener& opener, OpenedSource active, const std::vector<FileToAttach>& attachments)
        : opener_(opener), active_(std::move(active)), attachments_(attachments) {}

    /// A failing snapshot is reported, and the others continue; a failure of the active state is thrown.
    void run(RepositoryAccess& access, Progress& progress, const std::stop_token& stop, const Listener& listener);

    const std::vector<SkippedSnapshot>& skipped() const { return skipped_; }

private:
    void run(const ImageSnapshot& snapshot, RepositoryAccess& access, Progress& progress, const std::stop_token& stop,
             const Listener& listener);
    SnapshotRecord back_up(Repository& repository, const OpenedSource& input,
                           const std::vector<FileToAttach>& attachments, Progress& progress,
                           const std::stop_token& stop) const;

    const SourceOpener& opener_;
    OpenedSource active_;
    const std::vector<FileToAttach>& attachments_;
    std::vector<SkippedSnapshot> skipped_;
};

}  // namespace varve
