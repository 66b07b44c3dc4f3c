#pragma once
/// Decides which snapshot a backup is based on, and when it trusts the source's change source instead of reading
/// everything. The backup and its dry run both ask here, so the dry run predicts the backup. `catalog` has caught up
/// with the log in all calls.

#include <optional>
#include <string>

#include "engine/backup/backup_parent.h"
#include "engine/backup/backup_request.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog.h"

namespace varve {

/// The snapshot nearest in time that the change source can compare the source with; else the disk's newest, and then
/// everything is read. A copied snapshot chooses for itself. Warns when the source had a state to compare with that has
/// become unusable. Throws what the change source throws.
BackupParent choose_parent(const Catalog& catalog, const BackupRequest& request, Progress& progress);

/// Which names of a source the user specified; varve deduced the others.
struct NamedByUser {
    bool disk = false;
    bool format = false;
};

/// Protects a disk's chain against a mistaken name. Throws Error(refused) when the disk's newest snapshot was read from
/// another path and the user did not specify the disk's name, or in another format and the user did not specify the
/// format. The message states what the snapshot was read from, what would be read now, and what to do.
void check_same_source(const Catalog& catalog, const BackupRequest& request, NamedByUser named);

/// The newest snapshot of the disk that holds the frozen state `state` (ImageInfo::state), which then need not be
/// backed up again. nullopt: none does, or `state` is empty.
std::optional<SnapshotRecord> find_state(const Catalog& catalog, const std::string& disk, const std::string& state);

}  // namespace varve
