#pragma once
/// What a backup of a source would do, determined without reading its data or writing anything: `backup --dry-run`.

#include <optional>
#include <stop_token>
#include <string>

#include "engine/backup/backup_request.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog.h"

namespace varve {

struct BackupPlan {
    std::string disk;
    std::optional<SnapshotRecord> parent;  ///< the snapshot it would be compared with
    ChangeDetection change_detection;      ///< how it would find out what changed
    ByteCount size;                        ///< data, zero and unallocated bytes together
    ByteCount to_read;                     ///< data that would be read; the backup reads at most one chunk more
    std::uint32_t chunks_to_audit = 0;     ///< upper bound on the chunks re-read to verify the change source
    ByteCount data;
    ByteCount zero;
    ByteCount unallocated;
};

/// `catalog` has caught up with the log. Walks the source's allocation map: costs metadata only. Warns as the backup
/// would (change_policy.h). Throws what extent_at() and the change source throw, Error(unsupported) for a disk too
/// large for a snapshot, Error(cancelled).
BackupPlan plan_backup(const Catalog& catalog, const DiskToBackUp& disk, Progress& progress,
                       const std::stop_token& stop);

}  // namespace varve
