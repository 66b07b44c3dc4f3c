#pragma once
/// The result of `copy` as text for people and as JSON.

#include <string>

#include "cli/terminal/json.h"
#include "engine/jobs/copy_snapshots.h"

namespace varve {

enum class CopyMode { done, preview };

/// Without the totals when it was stopped, since copy_stopped_text() states them.
std::string copy_text(const CopyReport& report, CopyMode mode);

/// Why the command ends when it was stopped, as one sentence: how far it came.
std::string copy_stopped_text(const CopyReport& report);

Json copy_json(const CopyReport& report, CopyMode mode);

}  // namespace varve
