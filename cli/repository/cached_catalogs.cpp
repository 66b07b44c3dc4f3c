#include "cli/repository/cached_catalogs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <fstream>

#include "catalog/catalog_folder.h"
#include "catalog/sqlite_catalog.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/hex.h"
#include "engine/base/random_id.h"
#include "store/backend/open_backend.h"
#include "store/object/repository_config.h"

namespace varve {
namespace {

constexpr std::size_t locations_max = 100;

std::filesystem::path locations_file(const std::filesystem::path& folder) { return folder / "locations"; }

std::vector<std::string> read_locations(const std::filesystem::path& folder) {
    std::ifstream file(locations_file(folder));
    std::vector<std::string> locations;
    for (std::string line; locations.size() < locations_max && std::getline(file, line);)
        if (!line.empty() && std::find(locations.begin(), locations.end(), line) == locations.end())
            locations.push_back(line);
    return locations;
}

/// What a place that could hold the repository says about it.
RepositoryState state_at(const std::string& location, const std::string& repository) try {
    const auto backend = open_backend(location);
    return open_repository(*backend).id.hex() == repository ? RepositoryState::present : RepositoryState::gone;
} catch (const Error& error) {
    return error.code() == ErrorCode::not_found ? RepositoryState::gone : RepositoryState::unknown;
}

RepositoryState state_of(const CachedCatalog& catalog) {
    auto worst = catalog.locations.empty() ? RepositoryState::unknown : RepositoryState::gone;
    for (const std::string& location : catalog.locations) {
        const RepositoryState state = state_at(location, catalog.repository);
        if (state == RepositoryState::present) return state;
        if (state == RepositoryState::unknown) worst = state;
    }
    return worst;
}

ByteCount bytes_on_disk(const std::filesystem::path& folder) {
    ByteCount bytes;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        struct stat status {};
        if (::lstat(entry.path().c_str(), &status) == 0) bytes += {static_cast<std::uint64_t>(status.st_blocks) * 512};
    }
    return bytes;
}

bool is_catalog_name(const std::string& name) {
    RepositoryId id;
    return name.size() == 2 * id.bytes.size() && from_hex(name, id.bytes);
}

}  // namespace

void remember_location(const std::filesystem::path& folder, const std::string& location) try {
    if (location.find('\n') != std::string::npos) return;
    const auto known = read_locations(folder);
    if (known.size() >= locations_max || std::find(known.begin(), known.end(), location) != known.end()) return;
    const File file = File::open(locations_file(folder).string(), O_WRONLY | O_CREAT);
    file.write_all({file.size().value}, bytes_of(location + "\n"));
} catch (const Error&) {
    // The next program tries again.
}

std::vector<CachedCatalog> cached_catalogs(const std::filesystem::path& cache_folder) {
    std::vector<CachedCatalog> catalogs;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(cache_folder, ignored)) {
        const std::string name = entry.path().filename().string();
        if (!is_catalog_name(name) || !entry.is_directory(ignored)) continue;
        CachedCatalog catalog{entry.path(), name, read_locations(entry.path()), bytes_on_disk(entry.path()), {}};
        catalog.state = state_of(catalog);
        catalogs.push_back(std::move(catalog));
    }
    std::sort(catalogs.begin(), catalogs.end(),
              [](const CachedCatalog& a, const CachedCatalog& b) { return a.repository < b.repository; });
    return catalogs;
}

std::size_t remove_abandoned_catalogs(const std::filesystem::path& cache_folder) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(cache_folder, ignored)) {
        std::string of;
        if (is_draft_name(entry.path().filename().string(), of) && is_catalog_name(of)) names.push_back(of);
    }
    std::size_t removed = 0;
    for (const std::string& name : names) removed += remove_abandoned_drafts(cache_folder / name);
    return removed;
}

void remove_cached_catalog(const CachedCatalog& catalog) { remove_sqlite_catalog(catalog.folder); }

}  // namespace varve
