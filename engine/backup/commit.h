#pragma once
/// Commits a backup to the log: the only place where a snapshot comes into existence. Everything that the entry names
/// is durable beforehand. Follows the rules of store/FORMAT.md section 10 when another program was faster or a reply
/// was lost.

#include <optional>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/repository.h"

namespace varve {

/// A snapshot as one entry made it: after a forget, a copy may bring its id back, with another map.
struct CommittedSnapshot {
    SnapshotId id;
    LogNumber commit = 0;
};

bool is_live(const Catalog& catalog, const CommittedSnapshot& snapshot);

/// What a backup relied on while it ran; checked again before its entry is appended.
struct CommitBasis {
    LogNumber last_move = 0;                    ///< the newest move entry when the backup began
    std::vector<CommittedSnapshot> parents;     ///< the snapshots whose maps it inherited from
    std::optional<LogHead> ids_unused_at = {};  ///< of copies, whose ids are not new: BackupGroup::ids_unused_at
};

/// Appends the entry to the log and applies it to the catalog. `packs` are all that the session's finish() returned.
/// Throws Error(conflict), with nothing committed, when a prune removed something that the entry relies on: run the
/// backup again; Error(refused) when another program has copied one of the snapshots in the meantime.
void commit(Repository& repository, CommitEntry entry, const std::vector<StoredPack>& packs, const CommitBasis& basis,
            Progress& progress);

}  // namespace varve
