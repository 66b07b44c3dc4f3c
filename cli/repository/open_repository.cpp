#include "cli/repository/open_repository.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "cli/repository/cached_catalogs.h"
#include "cli/repository/damage_file.h"
#include "cli/repository/host_catalog.h"
#include "cli/repository/verify_times_file.h"
#include "engine/base/error.h"
#include "engine/repository/log_following_store.h"
#include "store/backend/open_backend.h"
#include "store/backend_log.h"
#include "store/leases.h"
#include "store/object/repository_config.h"
#include "store/pack_store.h"

namespace varve {
namespace {

/// The folders of a repository that could not be made; does nothing to one that holds anything else.
void remove_empty_repository(const std::string& location) {
    std::error_code ignored;
    for (const char* folder : {"/tmp", ""}) std::filesystem::remove(location + folder, ignored);
}

}  // namespace

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
    View(Store& store, const CatalogPlace& place, const KnownDamage& damage, Progress& progress)
        : catalog(place, store.info, store.log, *store.backend, progress),
          packs(*store.backend, store.info, catalog),
          chunks(store.info, store.log, packs, catalog),
          repository{store.info, store.log, chunks, catalog, &damage} {}

    HostCatalog catalog;
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
    const bool is_new = !std::filesystem::exists(location);
    const auto backend = create_backend(location);
    try {
        return create_repository(*backend);
    } catch (...) {
        if (is_new) remove_empty_repository(location);
        throw;
    }
}

RepositoryAccess::RepositoryAccess(const Arguments& arguments, Progress& progress)
    : RepositoryAccess(repository_location(arguments), arguments, progress) {}

RepositoryAccess::RepositoryAccess(const std::string& location, const Arguments& arguments, Progress& progress)
    : progress_(progress),
      store_(std::make_unique<Store>(location)),
      place_(catalog_place(arguments, store_->info.id)),
      spool_folder_(varve::spool_folder(arguments)) {
    if (!info().config_fault.empty()) progress.warn(info().config_fault);
    if (!place_.folder) return;
    try {
        known_damage_ = read_known_damage(*place_.folder);
    } catch (const Error& error) {
        progress.warn(fmt::format("{}; run 'varve verify', so that no backup builds on what is damaged", error.what()));
    }
}

RepositoryAccess::~RepositoryAccess() = default;

const RepositoryInfo& RepositoryAccess::info() const { return store_->info; }

void RepositoryAccess::run(const std::function<void(Repository&)>& job) {
    open_view();
    job(view_->repository);
}

/// For `varve cache`.
void RepositoryAccess::remember_where() const {
    std::error_code error;
    const auto path = std::filesystem::canonical(store_->backend->locate(""), error);
    if (!error && place_.folder && view_->catalog.is_kept()) remember_location(*place_.folder, path.string());
}

void RepositoryAccess::rebuild_catalog() {
    HostCatalog::rebuild_in(place_, store_->info, store_->log, *store_->backend);
}

void RepositoryAccess::announce(const std::string& purpose) {
    if (!info().writable || !info().config_fault.empty()) return;  // nothing will be written
    try {
        lease_ = std::make_unique<HeldLease>(*store_->backend, info().id, purpose);
    } catch (const Error& error) {
        progress_.warn(fmt::format("a prune may take what this command writes for garbage, and make it start again: {}",
                                   error.what()));
    }
}

bool RepositoryAccess::is_other_writer_alive() const {
    return varve::is_other_writer_alive(*store_->backend, info().id, DeadLeases::keep);
}

bool RepositoryAccess::is_other_writer_alive_after_cleanup() {
    return varve::is_other_writer_alive(*store_->backend, info().id, DeadLeases::remove);
}

void RepositoryAccess::remember(const VerifyReport& report) {
    change_known_damage([&](KnownDamage& known) { known.replace(report.settled_packs, report.damage); });
    if (!report.read_packs.empty() || !report.gone_packs.empty()) remember_times(report);
}

VerifyTimes RepositoryAccess::verify_times() {
    if (!place_.folder) return {};
    try {
        return read_verify_times(*place_.folder);
    } catch (const Error& error) {
        progress_.warn(fmt::format("{}; every pack counts as never verified", error.what()));
        return {};
    }
}

/// Reads the file again: another verify may have added to it.
void RepositoryAccess::remember_times(const VerifyReport& report) {
    try {
        if (!place_.folder) throw Error(ErrorCode::refused, place_.reason);
        VerifyTimes times;
        try {
            times = read_verify_times(*place_.folder);
        } catch (const Error& error) {  // verify_times() has warned; it is written anew
            if (error.code() != ErrorCode::corrupt) throw;
        }
        times.replace(report.gone_packs, report.read_packs, current_time());
        write_verify_times(*place_.folder, times);
    } catch (const Error& error) {
        if (!report.is_partial()) return;  // no one relies on it yet
        progress_.warn(
            fmt::format("this host cannot remember what was verified, so the next run may read the same "
                        "packs again: {}",
                        error.what()));
    }
}

void RepositoryAccess::remember(const std::set<ChunkAddress>& damaged) {
    change_known_damage([&](KnownDamage& known) { known.slots.insert(damaged.begin(), damaged.end()); });
}

void RepositoryAccess::change_known_damage(const std::function<void(KnownDamage&)>& change) {
    try {
        KnownDamage damage = place_.folder ? read_known_damage(*place_.folder) : KnownDamage();
        const KnownDamage before = damage;
        change(damage);
        if (damage == before) return;
        if (!place_.folder) throw Error(ErrorCode::refused, place_.reason);
        write_known_damage(*place_.folder, damage);
    } catch (const Error& error) {
        progress_.warn(
            fmt::format("this host cannot remember what is damaged, so backups may build on it: {}", error.what()));
    }
}

void RepositoryAccess::open_view() {
    if (!view_) {
        view_ = std::make_unique<View>(*store_, place_, known_damage_, progress_);
        remember_where();
    }
    const LogNumber before = view_->catalog.head().number;
    const LogNumber after = catch_up(view_->repository, progress_).number;
    if (before == 0 && after != 0)
        progress_.warn(fmt::format("built this host's catalog of the repository from its log, {} entries", after));
}

}  // namespace varve
