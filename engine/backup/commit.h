#pragma once
/// Enters a backup in the log: the one place where a snapshot comes to be. Everything that the entry names is durable
/// before. Keeps the rules of store/FORMAT.md section 10 when another program was faster or a reply was lost.

#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/repository.h"

namespace varve {

/// What a backup stood on while it ran; checked again before its entry goes in.
struct CommitBasis {
    LogNumber last_move = 0;          ///< the newest move entry when the backup began
    std::vector<SnapshotId> parents;  ///< whose maps it inherited from
};

/// Puts the entry at the log's end and applies it to the catalog. `packs` are all that the session's finish() gave.
/// Throws Error(conflict), with nothing committed, when a prune took away something that the entry counts on: run the
/// backup again.
void commit(Repository& repository, CommitEntry entry, const std::vector<StoredPack>& packs, const CommitBasis& basis,
            Progress& progress);

}  // namespace varve
