#pragma once
/// What a backup of a disk stands on: the snapshot it compares with and inherits from, and how it finds what changed.
/// The backup and its dry run ask here, so that the one does what the other says.

#include <optional>
#include <string>

#include "engine/backup/backup.h"
#include "engine/repository/catalog.h"

namespace varve {

struct BackupBase {
    std::optional<ListedSnapshot> parent;  ///< none: a first backup
    const ChangeMap* changes = nullptr;    ///< compares the source with the parent; null: everything is read
    std::uint32_t audit_chunks = 0;        ///< of those that `changes` lets pass, how many are checked
    std::string change_source;             ///< as the record says it: "full", "rescan", or the map's kind
};

/// The snapshot that request.changes starts from, if it is live; else the disk's newest. `catalog` has caught up with
/// the log. Borrows from `request`.
BackupBase choose_base(const Catalog& catalog, const BackupRequest& request);

/// Throws Error(unsupported) for a disk that no snapshot can hold.
void check_disk_size(ByteCount size);

}  // namespace varve
