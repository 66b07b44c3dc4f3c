#include "cli/repository/open_repository.h"

#include <cstdlib>

#include <fmt/format.h>

#include "catalog/sqlite_catalog.h"
#include "cli/repository/cache_folder.h"
#include "cli/repository/damage_file.h"
#include "engine/base/error.h"
#include "engine/repository/log_following_store.h"
#include "store/backend/open_backend.h"
#include "store/backend_log.h"
#include "store/object/repository_config.h"
#include "store/pack_store.h"

namespace varve {

/// What the repository holds.
struct RepositoryAccess::Store {
    explicit Store(const std::string& location)
        : backend(open_backend(location)), info(open_repository(*backend)), log(*backend, info) {}

    std::unique_ptr<Backend> backend;
    RepositoryInfo info;
    BackendLog log;
};

/// How this host sees it.
struct RepositoryAccess::View {
    View(Store& store, const std::filesystem::path& folder, const KnownDamage& damage)
        : catalog(open_sqlite_catalog(folder, store.info.id, store.log.genesis())),
          packs(*store.backend, store.info, *catalog),
          chunks(store.info, store.log, packs, *catalog),
          repository{store.info, store.log, chunks, *catalog, &damage} {}

    std::unique_ptr<Catalog> catalog;
    PackStore packs;
    LogFollowingStore chunks;
    Repository repository;
};

std::string repository_location(const Arguments& arguments, const std::optional<std::string>& operand) {
    const auto option = arguments.value("repo");
    if (operand && option)
        throw Error(ErrorCode::usage,
                    fmt::format("two repositories are named: '{}' and --repo '{}'", *operand, *option));
    const char* variable = std::getenv("VARVE_REPO");
    std::string location = operand ? *operand : option ? *option : variable != nullptr ? variable : "";
    if (location.empty()) throw Error(ErrorCode::usage, "no repository is named; pass -r REPO or set VARVE_REPO");
    return location;
}

RepositoryInfo make_repository(const std::string& location) {
    const auto backend = create_backend(location);
    return create_repository(*backend);
}

RepositoryAccess::RepositoryAccess(const Arguments& arguments, Progress& progress)
    : progress_(progress),
      store_(std::make_unique<Store>(repository_location(arguments))),
      cache_folder_(varve::cache_folder(arguments) / store_->info.id.hex()) {
    if (!info().config_fault.empty()) progress.warn(info().config_fault);
    try {
        known_damage_ = read_known_damage(cache_folder_);
    } catch (const Error& error) {
        progress.warn(fmt::format("{}; run 'varve verify', so that no backup builds on what is damaged", error.what()));
    }
}

RepositoryAccess::~RepositoryAccess() = default;

const RepositoryInfo& RepositoryAccess::info() const { return store_->info; }

void RepositoryAccess::run(const std::function<void(Repository&)>& job, OnDamage on_damage) {
    try {
        open_view();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::catalog_damaged) throw;
        discard_view(error.what());
        open_view();
    }
    try {
        job(view_->repository);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::catalog_damaged) throw;
        discard_view(error.what());
        if (on_damage == OnDamage::fail) throw;
        open_view();
        job(view_->repository);
    }
}

void RepositoryAccess::remember(const VerifyReport& report) {
    try {
        KnownDamage damage = read_known_damage(cache_folder_);
        const KnownDamage before = damage;
        damage.replace(report.settled_packs, report.damage);
        if (damage != before) write_known_damage(cache_folder_, damage);
    } catch (const Error& error) {
        progress_.warn(
            fmt::format("this host cannot remember what is damaged, so backups may build on it: {}", error.what()));
    }
}

void RepositoryAccess::open_view() {
    if (!view_) view_ = std::make_unique<View>(*store_, cache_folder_, known_damage_);
    const LogNumber before = view_->catalog->head().number;
    const LogNumber after = catch_up(view_->repository, progress_).number;
    if (before == 0 && after != 0 && !is_damage_reported_)
        progress_.warn(fmt::format("built this host's catalog of the repository from its log, {} entries", after));
}

void RepositoryAccess::discard_view(const std::string& why) {
    view_.reset();
    progress_.warn(fmt::format("rebuilding the catalog from the log: {}", why));
    is_damage_reported_ = true;
    remove_sqlite_catalog(cache_folder_);
}

}  // namespace varve
