#pragma once
/// The answer of `diff`.

#include <string>

#include "cli/terminal/json.h"
#include "engine/jobs/snapshot_diff.h"
#include "engine/repository/log_entry.h"

namespace varve {

std::string diff_text(const SnapshotDiff& diff);
Json diff_json(const SnapshotRecord& a, const SnapshotRecord& b, const SnapshotDiff& diff);

}  // namespace varve
