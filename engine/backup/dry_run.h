#pragma once
/// What a backup of a source would do, found out without reading its bytes or writing anything: `backup --dry-run`.

#include <optional>
#include <stop_token>
#include <string>

#include "engine/backup/backup.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog.h"

namespace varve {

struct BackupPlan {
    std::string disk;
    std::optional<SnapshotRecord> parent;  ///< the snapshot that it would be compared with
    std::string change_source;             ///< how what changed would be found, as the record would say: "full", ...
    ByteCount size;                        ///< data, zero and unallocated bytes together
    ByteCount to_read;                     ///< data that would be read; at most a chunk less than is read in the end
    std::uint32_t chunks_to_audit = 0;     ///< at most: that would be read beside them, to check the change source
    ByteCount data;
    ByteCount zero;
    ByteCount unallocated;
};

/// `catalog` has caught up with the log. Walks the source's allocation map: costs metadata only. Throws what
/// extent_at() throws, Error(unsupported) for a disk too large for a snapshot, Error(cancelled).
BackupPlan plan_backup(const Catalog& catalog, const DiskToBackUp& disk, Progress& progress,
                       const std::stop_token& stop);

}  // namespace varve
