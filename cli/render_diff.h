#pragma once
/// The answer of `diff`.

#include <string>

#include "cli/json.h"
#include "engine/log_entry.h"
#include "engine/snapshot_diff.h"

namespace varve {

std::string diff_text(const SnapshotDiff& diff);
Json diff_json(const SnapshotRecord& a, const SnapshotRecord& b, const SnapshotDiff& diff);

}  // namespace varve
