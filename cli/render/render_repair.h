#pragma once
/// What a repair did, or would do, as text and as JSON.

#include <string>

#include "cli/render/render_prune.h"

namespace varve {

std::string repair_text(const PruneReport& report, PruneMode mode);
Json repair_json(const PruneReport& report, PruneMode mode);

}  // namespace varve
