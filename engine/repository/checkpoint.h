#pragma once
/// Checkpoints of the log: objects that hold its state up to one entry, so that a reader without a catalog need not
/// read all entries before. Only hints: one that does not fit the log is not used, and nothing is lost without them.
/// store/FORMAT.md sections 8 to 10.

#include <optional>

#include "engine/base/progress.h"
#include "engine/repository/commit_log.h"

namespace varve {

/// The state in the newest checkpoint that is intact and whose entry the log contains; nullopt: there is none. Warns of
/// each newer one that is damaged or does not fit.
std::optional<LogState> newest_checkpoint(const CommitLog& log, Progress& progress);

}  // namespace varve
