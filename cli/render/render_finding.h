#pragma once
/// Damage and differences as text and as JSON.

#include <span>
#include <string>
#include <vector>

#include "cli/terminal/json.h"
#include "engine/jobs/finding.h"

namespace varve {

/// Where a night is damaged, in one line: guest ranges, or what else is wrong with it.
std::string damage_text(const std::vector<const Finding*>& findings);

/// An array of all of them.
Json findings_json(std::span<const Finding> findings);

}  // namespace varve
