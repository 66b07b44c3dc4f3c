#pragma once
/// Copies snapshots from one repository to another: in the order of the source's log, one commit per commit, only what
/// the target's snapshots of the disk do not hold yet. Every chunk that is read is checked against its id, and every
/// copy against the root of its original, before it is committed. A copy keeps id, time, tags, group, attachments and
/// source; the change token stays behind, since it is bound to its repository. What is in the target already costs
/// nothing, so an interrupted copy is continued by the next. Nothing is forgotten in the target.

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

enum class CopyOutcome {
    copied,   ///< in a plan: it would be
    tagged,   ///< it was there, and now has the tags of its original; in a plan: it would
    present,  ///< it was there, with these tags
    failed,   ///< with its commit: nothing of that was entered
    left,     ///< the copy was stopped before
};

struct SnapshotCopy {
    ListedSnapshot original;
    CopyOutcome outcome = CopyOutcome::left;
    BackupStatistics statistics = {};  ///< of what was copied: how it is recorded in the target
    std::optional<Error> error = {};   ///< why it failed
};

struct CopyReport {
    std::vector<SnapshotCopy> snapshots;  ///< in the order of the source's log
    bool is_stopped = false;
};

/// Before each commit: its first snapshot, its number from 1 on, and of how many.
using CopyObserver = std::function<void(const SnapshotRecord& first, std::size_t number, std::size_t count)>;

/// Throws Error(refused) when both are the same repository.
void check_two_repositories(const RepositoryInfo& from, const RepositoryInfo& to);

/// What copy_snapshots() would do, without writing anything. Throws like it.
CopyReport plan_copy(const Repository& from, const Repository& to, std::vector<ListedSnapshot> snapshots);

/// Copies `snapshots` of `from`, without duplicates. Both have caught up with their logs. What cannot be copied fails
/// by itself, and the others go on; a stop request ends the copy between two commits or within one, which then leaves
/// nothing. A tag of the original is added to a copy that was there, or replaces its value; tags that only the copy has
/// stay. Throws Error(refused), before anything is written, when both are the same repository or the target has another
/// snapshot of the same id; Error(corrupt) when the target's log is damaged.
CopyReport copy_snapshots(const Repository& from, Repository& to, std::vector<ListedSnapshot> snapshots,
                          Progress& progress, const std::stop_token& stop, const CopyObserver& observe = {});

}  // namespace varve
