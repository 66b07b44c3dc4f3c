#pragma once
/// What a repository holds and how it grows: for `stats`. The words are those of engine/repository_stats.h.

#include <string>

#include "cli/json.h"
#include "engine/repository_stats.h"

namespace varve {

std::string stats_text(const RepositoryStats& stats);
Json stats_json(const RepositoryStats& stats);

}  // namespace varve
