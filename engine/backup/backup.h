#pragma once
/// The backup job: sources, each read once, become snapshots. Unchanged chunks are recognised by the fingerprint in the
/// parent's slot tables, or by a change map without being read; only what differs is hashed, and only what the
/// repository does not have yet is stored. Zero and unallocated ranges are never read.

#include <stop_token>
#include <vector>

#include "engine/backup/backup_request.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"
#include "engine/repository/soundness.h"

namespace varve {

/// A repository that a backup may write to: its log is whole, packs that killed backups left are known, and so is which
/// content may be relied on. Making one costs a query per pack and a listing of the log, so a run of many backups
/// shares one, until another program writes to the repository or a backup fails.
class ExaminedRepository {
public:
    /// Borrows both. The catalog has caught up with the log. Throws like check_log_is_whole().
    ExaminedRepository(Repository& repository, Progress& progress);

    Repository& repository;
    Soundness soundness;
};

/// Runs to the end and commits, or throws and leaves every former snapshot as it was. The catalog has caught up with
/// the log; the job reads the log again only to commit, and to start again after a prune overtook it. Calls
/// check_unchanged() of each source before it commits. Returns the records as they are in the log, in the order of the
/// disks.
std::vector<SnapshotRecord> backup(Repository& repository, const BackupGroup& group, Progress& progress,
                                   const std::stop_token& stop);

/// One backup of a run of several.
std::vector<SnapshotRecord> backup(ExaminedRepository& examined, const BackupGroup& group, Progress& progress,
                                   const std::stop_token& stop);

/// A single disk.
SnapshotRecord backup(Repository& repository, const ImageReader& source, const BackupRequest& request,
                      Progress& progress, const std::stop_token& stop);

}  // namespace varve
