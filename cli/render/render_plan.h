#pragma once
/// The report of `backup --dry-run`: what would be read, from where, and why.

#include <span>
#include <string>
#include <vector>

#include "cli/render/render_backup.h"
#include "cli/terminal/json.h"
#include "engine/backup/dry_run.h"
#include "formats/open_image.h"

namespace varve {

/// The plan for one source, and where it is.
struct SourcePlan {
    BackupPlan plan;
    SourceRecord source;
    std::vector<LayerInfo> layers;  ///< the files that are read, the named one first
};

std::string plan_text(std::span<const SourcePlan> plans);
Json plan_json(std::span<const SourcePlan> plans, std::span<const FailedSource> failed);

}  // namespace varve
