#pragma once
/// The backup job: sources, each read once, become snapshots. Unchanged chunks are recognised by the fingerprint in the
/// parent's slot tables, or by a change map without being read; only what differs is hashed, and only what the
/// repository does not have yet is stored. Zero and unallocated ranges are never read.

#include <stop_token>
#include <vector>

#include "engine/backup/backup_request.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// Runs to the end and commits, or throws and leaves every former snapshot as it was. The catalog has caught up with
/// the log; the job reads the log again only to commit, and to start again after a prune overtook it. Calls
/// check_unchanged() of each source before it commits. Returns the records as they are in the log, in the order of the
/// disks.
std::vector<SnapshotRecord> backup(Repository& repository, const BackupGroup& group, Progress& progress,
                                   const std::stop_token& stop);

/// A single disk.
SnapshotRecord backup(Repository& repository, const ImageReader& source, const BackupRequest& request,
                      Progress& progress, const std::stop_token& stop);

}  // namespace varve
