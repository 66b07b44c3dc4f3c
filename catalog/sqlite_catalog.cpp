#include "catalog/sqlite_catalog.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <mutex>

#include <fmt/format.h>

#include "catalog/address_resolver.h"
#include "catalog/catalog_change.h"
#include "catalog/catalog_lock.h"
#include "catalog/catalog_view.h"
#include "catalog/id_lookup.h"
#include "catalog/reader_pool.h"
#include "catalog/schema.h"
#include "catalog/slot_table_cache.h"
#include "catalog/snapshot_rows.h"
#include "engine/base/ascii.h"
#include "engine/base/check.h"
#include "engine/base/file.h"

namespace varve {
namespace {

constexpr std::size_t reader_count = 4;
constexpr int reader_cache_kib = 1024;
constexpr int writer_cache_kib = 4096;
constexpr std::size_t slot_cache_bytes = 24u << 20;
constexpr std::size_t page_cache_bytes = 4u << 20;
constexpr std::size_t move_cache_bytes = 2u << 20;

std::filesystem::path database_file(const std::filesystem::path& folder) { return folder / "catalog.sqlite"; }

/// Missing parent folders are also created, and are private too.
void make_folder(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::is_directory(folder)) return;
    make_folder(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw io_error(fmt::format("cannot make folder '{}'", folder.string()), errno);
}

/// Creates an empty file for the database, if there is none, so that its mode is ours. An existing one is not even
/// opened: closing it would release the locks that SQLite has on it in this process.
void make_file(const std::filesystem::path& file) {
    const UniqueFd made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made && errno != EEXIST) throw io_error(fmt::format("cannot make '{}'", file.string()), errno);
}

bool is_filter_file(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    return name.starts_with("ids-") && name.find(".filter") != std::string::npos;
}

/// Removes the filter files of runs that are gone, and drafts. What cannot be removed is harmless.
void sweep_filter_files(const std::filesystem::path& folder, const IndexRuns& runs) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const auto is_of = [&](const auto& run) { return entry.path() == filter_file(folder, run->filter_key()); };
        if (is_filter_file(entry.path()) && std::none_of(runs.begin(), runs.end(), is_of))
            std::filesystem::remove(entry.path(), ignored);
    }
}

std::unique_ptr<SqliteDatabase> open_database(const std::filesystem::path& folder, const RepositoryId& repository,
                                              const LogHead& genesis) {
    make_file(database_file(folder));
    auto database = std::make_unique<SqliteDatabase>(database_file(folder), writer_cache_kib);
    if (is_empty(*database)) create_schema(*database, repository, genesis);
    check_schema(*database, repository);
    return database;
}

ListedPack listed(const PackRow& row) {
    PackState state = PackState::committed;
    if (row.standing == PackRowState::uncommitted) state = PackState::uncommitted;
    if (row.standing == PackRowState::condemned) state = PackState::condemned;
    return {row.facts.value_or(PackFacts{row.id, PackKind::data, {}, {}}), state};
}

class SqliteCatalog final : public Catalog {
public:
    SqliteCatalog(const std::filesystem::path& folder, const RepositoryId& repository, const LogHead& genesis)
        : folder_(folder), lock_(folder) {
        CatalogLock::Hold hold(lock_);
        writer_ = open_database(folder, repository, genesis);
        readers_ = std::make_unique<ReaderPool>(database_file(folder), reader_count, reader_cache_kib);
        slots_ = std::make_unique<SlotTableCache>(*readers_, slot_cache_bytes);
        addresses_ = std::make_unique<AddressResolver>(*readers_, move_cache_bytes);
        ids_ = std::make_unique<IdLookup>(*readers_, folder, *slots_, *addresses_, page_cache_bytes);
        fresh_view();
    }

    LogHead head() const override { return fresh_view()->state().head; }
    LogNumber last_move() const override { return fresh_view()->state().last_move; }

    bool apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
               std::span<const MoveTable> tables) override {
        return write([&](CatalogChange& change, const CatalogState& state) {
            if (state.head != before) return false;
            change.apply(record, packs, tables);
            return true;
        });
    }

    bool skip(const LogHead& before, const LogHead& after) override {
        return write([&](CatalogChange& change, const CatalogState& state) {
            if (state.head != before) return false;
            change.skip(after);
            return true;
        });
    }

    std::vector<LogNumber> lost_entries() const override {
        const ReaderPool::Lease reader(*readers_);
        std::vector<LogNumber> numbers;
        SqliteQuery rows = (*reader).query("SELECT number FROM log WHERE kind = 'lost' ORDER BY number");
        while (rows.step()) numbers.push_back(rows.number(0));
        return numbers;
    }

    void reset(const LogHead& genesis) override {
        write([&](CatalogChange& change, const CatalogState&) {
            change.reset(genesis);
            return true;
        });
    }

    void add_uncommitted(std::span<const StoredPack> packs) override {
        write([&](CatalogChange& change, const CatalogState&) {
            change.add_uncommitted(packs);
            return true;
        });
    }

    void drop_uncommitted(std::span<const PackId> packs) override {
        write([&](CatalogChange& change, const CatalogState&) {
            change.drop_uncommitted(packs);
            return true;
        });
    }

    std::vector<ListedSnapshot> snapshots(const std::optional<std::string>& disk) const override {
        const ReaderPool::Lease reader(*readers_);
        const SqliteTransaction transaction(*reader, SqliteLock::shared);
        return read_snapshots(*reader, read_state(*reader), disk);
    }

    std::vector<ListedSnapshot> snapshots_by_prefix(const std::string& hex_prefix) const override {
        const std::string prefix = ascii_lower(hex_prefix);
        std::vector<ListedSnapshot> found = snapshots(std::nullopt);
        std::erase_if(found,
                      [&](const ListedSnapshot& snapshot) { return !snapshot.record.id.hex().starts_with(prefix); });
        return found;
    }

    std::optional<ListedPack> pack(const PackId& id) const override {
        const auto view = fresh_view();
        const PackRow* row = view->find(id);
        if (row == nullptr || row->standing == PackRowState::named) return std::nullopt;
        return listed(*row);
    }

    std::vector<ListedPack> packs() const override {
        std::vector<ListedPack> result;
        const auto view = fresh_view();
        for (const PackRow& row : view->packs())
            if (row.standing != PackRowState::named) result.push_back(listed(row));
        return result;
    }

    std::shared_ptr<const SlotTable> slots(const PackId& pack) const override {
        using Table = std::shared_ptr<const SlotTable>;
        return consistently<Table>([&](const CatalogView& view) -> std::optional<Table> {
            const PackRow* row = view.find(pack);
            if (row == nullptr || !row->slots)
                throw Error(ErrorCode::not_found,
                            fmt::format("the catalog has no slot table of pack {}; run 'varve rebuild'", pack.hex()));
            Table table = slots_->find(*row);
            return table ? std::optional(std::move(table)) : std::nullopt;
        });
    }

    std::optional<ChunkAddress> current(const ChunkAddress& address) const override {
        return consistently<Place>([&](const CatalogView& view) { return addresses_->resolve(view, address); }).address;
    }

    using Catalog::find_chunk;
    std::optional<ChunkAddress> find_chunk(const ChunkId& id, const ChunkTest& is_usable) const override {
        return consistently<Place>([&](const CatalogView& view) { return ids_->find(view, id, is_usable); }).address;
    }

private:
    /// Calls `f` with the newest view. `f` returns nullopt when the database does not have what the view refers to:
    /// then it is called again with a newer view; if there is none, the catalog is damaged.
    template <typename Result, typename F>
    Result consistently(const F& f) const {
        std::shared_ptr<const CatalogView> view = fresh_view();
        while (true) {
            if (std::optional<Result> result = f(*view)) return *std::move(result);
            std::shared_ptr<const CatalogView> newer = read_view(view);
            if (newer == view)
                throw Error(ErrorCode::catalog_damaged,
                            fmt::format("catalog '{}' is damaged: rows are missing or do not match their checksums",
                                        folder_.string()));
            view = std::move(newer);
        }
    }

    std::shared_ptr<const CatalogView> read_view(const std::shared_ptr<const CatalogView>& before) const {
        const ReaderPool::Lease reader(*readers_);
        const SqliteTransaction transaction(*reader, SqliteLock::shared);
        return CatalogView::read(*reader, before);
    }

    /// The current view of the database.
    std::shared_ptr<const CatalogView> fresh_view() const {
        const std::uint64_t changes =
            lock_.changes();  // before the database is read, so that a later change is noticed
        std::shared_ptr<const CatalogView> before;
        {
            const std::lock_guard lock(view_mutex_);
            if (view_ && changes % 2 == 0 && changes == view_changes_) return view_;
            before = view_;
        }
        std::shared_ptr<const CatalogView> view = read_view(before);
        publish(view, changes);
        return view;
    }

    /// Keeps `view`, current when the lock's counter was `changes`, unless another thread has a newer one.
    void publish(const std::shared_ptr<const CatalogView>& view, std::uint64_t changes) const {
        const std::lock_guard lock(view_mutex_);
        if (view_ && view_->state().generation > view->state().generation) return;
        view_ = view;
        view_changes_ = changes;
    }

    /// One write transaction: `f` gets the change and the state before, and returns whether to commit.
    template <typename F>
    bool write(const F& f) {
        CatalogLock::Hold hold(lock_);
        SqliteTransaction transaction(*writer_, SqliteLock::immediate);
        const std::shared_ptr<const CatalogView> before = CatalogView::read(*writer_, last_view());
        CatalogChange change(*writer_, folder_, before);
        if (!f(change, before->state())) return false;
        const IndexRuns runs = change.finish();
        const std::shared_ptr<const CatalogView> after = CatalogView::read(*writer_, before, runs);
        {
            const CatalogLock::Change committing(hold);
            transaction.commit();
        }
        publish(after, lock_.changes());
        if (after->runs() != before->runs()) sweep_filter_files(folder_, after->runs());
        return true;
    }

    std::shared_ptr<const CatalogView> last_view() const {
        const std::lock_guard lock(view_mutex_);
        return view_;
    }

    std::filesystem::path folder_;
    CatalogLock lock_;
    std::unique_ptr<SqliteDatabase> writer_;
    std::unique_ptr<ReaderPool> readers_;
    std::unique_ptr<SlotTableCache> slots_;
    std::unique_ptr<AddressResolver> addresses_;
    std::unique_ptr<IdLookup> ids_;
    mutable std::mutex view_mutex_;
    mutable std::shared_ptr<const CatalogView> view_;
    mutable std::uint64_t view_changes_ = 0;
};

}  // namespace

std::unique_ptr<Catalog> open_sqlite_catalog(const std::filesystem::path& folder, const RepositoryId& repository,
                                             const LogHead& genesis) {
    make_folder(folder);
    return std::make_unique<SqliteCatalog>(folder, repository, genesis);
}

void remove_sqlite_catalog(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder)) return;
    CatalogLock lock(folder);
    const CatalogLock::Hold hold(lock);
    const std::filesystem::path database = database_file(folder);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(database.string() + suffix);
    sweep_filter_files(folder, {});
    sync_folder(folder);
}

}  // namespace varve
