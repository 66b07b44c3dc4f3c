#pragma once
/// Where this host caches its knowledge of repositories: `--cache-dir`, else VARVE_CACHE_DIR, else /var/cache/varve for
/// root and $XDG_CACHE_HOME/varve or ~/.cache/varve for others. Each repository has a subfolder named by its id.

#include <filesystem>

#include "cli/options/arguments.h"

namespace varve {

/// Throws Error(usage) when there is no default. Creates nothing.
std::filesystem::path cache_folder(const Arguments& arguments);

}  // namespace varve
