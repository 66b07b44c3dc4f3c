#pragma once
/// What a prune did, or would do, as text and as JSON.

#include <string>
#include <vector>

#include "cli/terminal/json.h"
#include "engine/prune/prune.h"

namespace varve {

enum class PruneMode { done, preview };

std::string prune_text(const PruneReport& report, PruneMode mode);
Json prune_json(const PruneReport& report, PruneMode mode);

/// The packs that stay because something in them cannot be read.
Json kept_json(const std::vector<KeptPack>& kept);

}  // namespace varve
