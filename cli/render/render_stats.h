#pragma once
/// What a repository holds and how it grows: for `stats`. The words are those of engine/jobs/repository_stats.h.

#include <string>

#include "cli/terminal/json.h"
#include "engine/jobs/repository_stats.h"

namespace varve {

std::string stats_text(const RepositoryStats& stats);
Json stats_json(const RepositoryStats& stats);

}  // namespace varve
