#pragma once
/// What `restore` wrote, as text for people and as JSON.

#include <optional>
#include <string>

#include "cli/render/restore_report.h"
#include "cli/terminal/json.h"

namespace varve {

/// What a dry run would do.
std::string planned_text(const RestoredFiles& files);

std::string restored_text(const RestoredFiles& files);
Json restored_json(const RestoredFiles& files, const std::optional<RestoredGroup>& group);

}  // namespace varve
