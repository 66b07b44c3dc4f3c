#pragma once
/// A snapshot of another repository that is to exist in this one, too, under its id, time and tags: what the backup job
/// needs to know of it beside its bytes.

#include "engine/backup/backup_parent.h"
#include "engine/repository/catalog.h"
#include "engine/repository/log_entry.h"

namespace varve {

class CopiedSnapshot {
public:
    virtual ~CopiedSnapshot() = default;

    /// As it is in the other repository. The copy keeps it, except for parent, addresses and change token, and counts
    /// in its statistics what was stored here.
    virtual const SnapshotRecord& record() const = 0;

    /// The live snapshot of this repository that the copy inherits from, and what may differ. `catalog`, of this
    /// repository, has caught up with the log. Throws what reading the snapshot's map throws.
    virtual BackupParent choose_parent(const Catalog& catalog) const = 0;
};

}  // namespace varve
