#include "cli/repository/host_catalog.h"

#include <fmt/format.h>

#include "catalog/sqlite_catalog.h"
#include "engine/base/error.h"
#include "engine/repository/catalog_sync.h"

namespace varve {
namespace {

/// More than one, as other programs may damage the file again; after that, the catalog is kept in memory, out of their
/// reach.
constexpr int recoveries_max = 3;

/// Whether an error of a catalog's method is the catalog's own, and not an answer.
bool is_fault_of_catalog(const Error& error) {
    return error.code() == ErrorCode::catalog_damaged || error.code() == ErrorCode::io ||
           error.code() == ErrorCode::refused;
}

void read_log_into(Catalog& fresh, const RepositoryInfo& info, CommitLog& log, ChunkStore& packs) {
    Repository beside{info, log, packs, fresh};
    NoProgress quiet;
    read_into_new_catalog(beside, quiet);
}

}  // namespace

HostCatalog::HostCatalog(CatalogPlace place, const RepositoryInfo& info, CommitLog& log, Backend& backend,
                         Progress& progress)
    : place_(std::move(place)), info_(info), log_(log), progress_(progress), packs_(backend, info, *this) {
    used_ = open();
}

bool HostCatalog::is_kept() const {
    const std::lock_guard lock(recovery_mutex_);
    return !is_in_memory_;
}

void HostCatalog::rebuild_in(const CatalogPlace& place, const RepositoryInfo& info, CommitLog& log, Backend& backend) {
    if (!place.folder) throw Error(ErrorCode::refused, fmt::format("there is no catalog to rebuild: {}", place.reason));
    const auto nowhere = open_memory_catalog(info.id, log.genesis());
    PackStore packs(backend, info, *nowhere);
    replace_sqlite_catalog(*place.folder, info.id, log.genesis(),
                           [&](Catalog& fresh) { read_log_into(fresh, info, log, packs); });
}

std::shared_ptr<Catalog> HostCatalog::open() {
    if (!place_.folder) {
        progress_.warn(fmt::format("working without a cache folder, so the whole log is read: {}", place_.reason));
        return made_in_memory();
    }
    try {
        return open_sqlite_catalog(*place_.folder, info_.id, log_.genesis());
    } catch (const Error& error) {
        if (!is_fault_of_catalog(error)) throw;
        return made_again(error);
    }
}

/// Makes a new catalog in the folder if the old one is damaged, and in memory if the folder is the problem.
std::shared_ptr<Catalog> HostCatalog::made_again(const Error& error) const {
    if (!is_in_memory_ && error.code() == ErrorCode::catalog_damaged && recoveries_ < recoveries_max) {
        progress_.warn(fmt::format("rebuilding the catalog from the log: {}", error.what()));
        try {
            return made_in_folder(error);
        } catch (const Error& failure) {
            if (!is_fault_of_catalog(failure)) throw;
            progress_.warn(fmt::format("the new catalog cannot be kept: {}; working without it", failure.what()));
            return made_in_memory();
        }
    }
    progress_.warn(fmt::format("working without this host's catalog, so the whole log is read: {}", error.what()));
    return made_in_memory();
}

std::shared_ptr<Catalog> HostCatalog::made_in_folder(const Error& error) const {
    try {
        replace_sqlite_catalog(*place_.folder, info_.id, log_.genesis(),
                               [&](Catalog& fresh) { read_log_into(fresh, info_, log_, packs_); });
    } catch (Error& failure) {
        if (!is_fault_of_catalog(failure))
            failure.with_context(fmt::format("{}; a new one cannot be made", error.what()));
        throw;
    }
    return open_sqlite_catalog(*place_.folder, info_.id, log_.genesis());
}

std::shared_ptr<Catalog> HostCatalog::made_in_memory() const {
    std::shared_ptr<Catalog> fresh = open_memory_catalog(info_.id, log_.genesis());
    read_log_into(*fresh, info_, log_, packs_);
    is_in_memory_ = true;
    return fresh;
}

/// What this program made durable, or found, before an entry names it.
void HostCatalog::note_uncommitted_again(Catalog& catalog) const {
    std::set<PackId> packs;
    {
        const std::lock_guard lock(mutex_);
        packs = uncommitted_;
    }
    for (const PackId& id : packs) {
        try {
            const StoredPack pack = packs_.read_pack(id, PackCheck::trailer);
            catalog.add_uncommitted({&pack, 1});
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
        }
    }
}

void HostCatalog::recover(const std::shared_ptr<Catalog>& failed, const Error& error) const {
    const std::lock_guard lock(recovery_mutex_);
    if (used() != failed) return;  // another thread was here first
    if (is_in_memory_ || recoveries_ > recoveries_max) throw error;
    ++recoveries_;
    const std::shared_ptr<Catalog> fresh = made_again(error);
    note_uncommitted_again(*fresh);
    use(fresh);
}

template <typename Ask>
auto HostCatalog::ask(const Ask& question) const {
    while (true) {
        const std::shared_ptr<Catalog> catalog = used();
        try {
            return question(*catalog);
        } catch (const Error& error) {
            if (!is_fault_of_catalog(error)) throw;
            recover(catalog, error);
        }
    }
}

std::shared_ptr<Catalog> HostCatalog::used() const {
    const std::lock_guard lock(mutex_);
    return used_;
}

void HostCatalog::use(std::shared_ptr<Catalog> catalog) const {
    const std::lock_guard lock(mutex_);
    used_.swap(catalog);
}

LogHead HostCatalog::head() const {
    return ask([](const Catalog& catalog) { return catalog.head(); });
}

bool HostCatalog::apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
                        std::span<const MoveTable> tables) {
    return ask([&](Catalog& catalog) { return catalog.apply(before, record, packs, tables); });
}

void HostCatalog::load(const LogState& state, std::span<const MoveTable> tables) {
    ask([&](Catalog& catalog) { catalog.load(state, tables); });
}

bool HostCatalog::skip(const LogHead& before, const LogHead& after) {
    return ask([&](Catalog& catalog) { return catalog.skip(before, after); });
}

std::vector<LogNumber> HostCatalog::lost_entries() const {
    return ask([](const Catalog& catalog) { return catalog.lost_entries(); });
}

void HostCatalog::replace(const LogHead& genesis, const std::function<void(Catalog& fresh)>& fill) {
    ask([&](Catalog& catalog) { catalog.replace(genesis, fill); });
}

std::vector<ListedSnapshot> HostCatalog::snapshots(const std::optional<std::string>& disk) const {
    return ask([&](const Catalog& catalog) { return catalog.snapshots(disk); });
}

std::vector<ListedSnapshot> HostCatalog::last_snapshots(const std::string& disk, std::size_t count) const {
    return ask([&](const Catalog& catalog) { return catalog.last_snapshots(disk, count); });
}

std::vector<ListedSnapshot> HostCatalog::snapshots_by_prefix(const std::string& hex_prefix) const {
    return ask([&](const Catalog& catalog) { return catalog.snapshots_by_prefix(hex_prefix); });
}

std::optional<ListedPack> HostCatalog::pack(const PackId& id) const {
    return ask([&](const Catalog& catalog) { return catalog.pack(id); });
}

std::vector<ListedPack> HostCatalog::packs() const {
    return ask([](const Catalog& catalog) { return catalog.packs(); });
}

LogNumber HostCatalog::last_move() const {
    return ask([](const Catalog& catalog) { return catalog.last_move(); });
}

void HostCatalog::add_uncommitted(std::span<const StoredPack> packs) {
    {
        const std::lock_guard lock(mutex_);
        for (const StoredPack& pack : packs) uncommitted_.insert(pack.facts.id);
    }
    ask([&](Catalog& catalog) { catalog.add_uncommitted(packs); });
}

void HostCatalog::drop_uncommitted(std::span<const PackId> packs) {
    {
        const std::lock_guard lock(mutex_);
        for (const PackId& id : packs) uncommitted_.erase(id);
    }
    ask([&](Catalog& catalog) { catalog.drop_uncommitted(packs); });
}

std::vector<MoveRun> HostCatalog::moves(std::uint64_t number) const {
    return ask([&](const Catalog& catalog) { return catalog.moves(number); });
}

std::optional<ChunkAddress> HostCatalog::find_chunk(const ChunkId& id, const ChunkTest& is_usable) const {
    return ask([&](const Catalog& catalog) { return catalog.find_chunk(id, is_usable); });
}

std::shared_ptr<const SlotTable> HostCatalog::slots(const PackId& pack) const {
    return ask([&](const Catalog& catalog) { return catalog.slots(pack); });
}

std::optional<ChunkAddress> HostCatalog::current(const ChunkAddress& address) const {
    return ask([&](const Catalog& catalog) { return catalog.current(address); });
}

std::vector<std::optional<ChunkAddress>> HostCatalog::all_current(std::span<const ChunkAddress> addresses) const {
    return ask([&](const Catalog& catalog) { return catalog.all_current(addresses); });
}

}  // namespace varve
