#pragma once
/// Checkpoints of the log: objects that hold its state up to one entry, so that a reader without a catalog need not
/// read all entries before. Only hints: one that does not fit the log is not used, and nothing is lost without them.
/// store/FORMAT.md sections 8 to 10.

#include <optional>
#include <stop_token>

#include "engine/base/progress.h"
#include "engine/repository/commit_log.h"
#include "engine/repository/repository.h"

namespace varve {

/// The state in the newest checkpoint that is intact and whose entry the log contains; nullopt: there is none. Warns of
/// each newer one that is damaged or does not fit.
std::optional<LogState> newest_checkpoint(const CommitLog& log, Progress& progress);

/// The state at the end of the log, from its newest checkpoint and the entries after it; never from a catalog. Throws
/// Error(corrupt) when an entry that it needs cannot be read, and Error(cancelled).
LogState state_of_log(const CommitLog& log, Progress& progress, const std::stop_token& stop);

/// When the log has grown by at least `every` entries (from 1) since its newest checkpoint, puts a new one at its end
/// and removes all before it but the newest that fits. The new state comes from that one and the entries after it,
/// never from a catalog. Over a damaged log nothing is written. Never fails: what goes wrong is a warning. A stop
/// request ends it early. `repository` has caught up with the log.
void renew_checkpoint(Repository& repository, LogNumber every, Progress& progress, const std::stop_token& stop);

}  // namespace varve
