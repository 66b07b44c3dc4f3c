#pragma once
/// What a prune did, or would do, as text and as JSON.

#include <string>

#include "cli/terminal/json.h"
#include "engine/prune/prune.h"

namespace varve {

enum class PruneMode { done, preview };

std::string prune_text(const PruneReport& report, PruneMode mode);
Json prune_json(const PruneReport& report, PruneMode mode);

}  // namespace varve
