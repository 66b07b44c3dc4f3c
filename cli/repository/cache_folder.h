#pragma once
/// Where this host caches its knowledge of repositories: `--cache-dir`, else VARVE_CACHE_DIR, else /var/cache/varve for
/// root and $XDG_CACHE_HOME/varve or ~/.cache/varve for others. Each repository has a subfolder named by its id.
/// Nothing here is needed: every command works without it.

#include <filesystem>
#include <optional>
#include <string>

#include "cli/options/arguments.h"
#include "engine/base/random_id.h"

namespace varve {

/// Throws Error(usage) when there is no default. Creates nothing.
std::filesystem::path cache_folder(const Arguments& arguments);

/// Where the catalog of a repository is kept; without a folder, `reason` states why there is none.
struct CatalogPlace {
    std::optional<std::filesystem::path> folder;
    std::string reason;
};
CatalogPlace catalog_place(const Arguments& arguments, const RepositoryId& repository);

/// A folder for large temporary files: the cache folder, created for its owner only, or /var/tmp if it cannot be used.
std::filesystem::path spool_folder(const Arguments& arguments);

}  // namespace varve
