#pragma once
/// The catalogs in the cache folder: which repository each belongs to, and whether that still exists. Each catalog's
/// folder has a file `locations`, to which every program that opens the repository adds where it found it.

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/units.h"

namespace varve {

enum class RepositoryState {
    present,  ///< at one of the locations
    gone,     ///< at none of them: the folder does not exist, or holds another repository or none
    unknown,  ///< no location is recorded, or one cannot be read now
};

struct CachedCatalog {
    std::filesystem::path folder;
    std::string repository;              ///< its id
    std::vector<std::string> locations;  ///< untrusted: escape them before display
    ByteCount bytes;                     ///< on disk
    RepositoryState state = RepositoryState::unknown;
};

/// Remembers that the repository of the catalog in `folder` is at `location`. What fails is not important.
void remember_location(const std::filesystem::path& folder, const std::string& location);

/// By repository id. Changes nothing. An absent cache folder has none.
std::vector<CachedCatalog> cached_catalogs(const std::filesystem::path& cache_folder);

/// Removes what killed programs left of catalogs that they were making; returns how many.
std::size_t remove_abandoned_catalogs(const std::filesystem::path& cache_folder);

/// Removes the catalog. A program that has it open continues with it.
void remove_cached_catalog(const CachedCatalog& catalog);

}  // namespace varve
