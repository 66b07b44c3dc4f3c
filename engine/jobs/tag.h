#pragma once
/// Changes the tags of snapshots that are in the repository already: one log entry a snapshot, no pack.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// No name is in both.
struct TagEdit {
    std::map<std::string, std::string> added;  ///< replace what stood under the same name
    std::vector<std::string> removed;          ///< each must be there
};

struct TaggedSnapshot {
    SnapshotRecord record;    ///< with its tags as they are now
    bool is_changed = false;  ///< false: it had them already, and no entry was written
};

/// Edits each of `snapshots`. Throws Error(refused), before anything is written, when one lacks a tag that is to be
/// removed; Error(not_found) for one that was forgotten. When it fails at a later one, the text says how many were
/// done.
std::vector<TaggedSnapshot> edit_tags(Repository& repository, std::span<const SnapshotId> snapshots,
                                      const TagEdit& edit, Progress& progress);

}  // namespace varve
