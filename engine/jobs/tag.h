#pragma once
/// Changes the tags of snapshots that are already in the repository: one log entry per snapshot, no pack.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// No name is in both members.
struct TagEdit {
    std::map<std::string, std::string> added;  ///< replace tags of the same name
    std::vector<std::string> removed;          ///< each must exist
};

struct TaggedSnapshot {
    SnapshotRecord record;    ///< with its current tags
    bool is_changed = false;  ///< false: it had these tags already, and no entry was written
};

/// What edit_tags() would do, without writing anything. Throws like it.
std::vector<TaggedSnapshot> plan_tags(const Catalog& catalog, std::span<const SnapshotId> snapshots,
                                      const TagEdit& edit);

/// Edits each of `snapshots`. Throws Error(refused), before anything is written, when one lacks a tag to be
/// removed; Error(not_found) for one that was forgotten. When it fails at a later one, the text states how many are
/// done.
std::vector<TaggedSnapshot> edit_tags(Repository& repository, std::span<const SnapshotId> snapshots,
                                      const TagEdit& edit, Progress& progress);

}  // namespace varve
