#include "catalog/catalog_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "catalog/catalog_folder.h"
#include "catalog/schema.h"
#include "catalog/snapshot_rows.h"
#include "engine/base/ascii.h"
#include "engine/base/file.h"
#include "engine/base/interrupted_calls.h"
#include "engine/base/random_id.h"

namespace varve {
namespace {

constexpr std::size_t reader_count = 4;
constexpr int reader_cache_kib = 1024;
constexpr int writer_cache_kib = 4096;
constexpr std::size_t slot_cache_bytes = 24u << 20;
constexpr std::size_t page_cache_bytes = 4u << 20;
constexpr std::size_t move_cache_bytes = 2u << 20;
/// How often the folder may be replaced while it is being opened.
constexpr int open_attempts_max = 100;

/// Creates an empty file for the database, if there is none, so that its mode is ours. An existing one is not even
/// opened: closing it would release the locks that SQLite has on it in this process.
void make_file(const std::filesystem::path& file) {
    const UniqueFd made(
        retry_interrupted([&] { return ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }));
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

ListedPack listed(const PackRow& row) {
    PackState state = PackState::committed;
    if (row.standing == PackRowState::uncommitted) state = PackState::uncommitted;
    if (row.standing == PackRowState::condemned) state = PackState::condemned;
    return {row.facts.value_or(PackFacts{row.id, PackKind::data, {}, {}}), state};
}

/// nullopt: the view is not that of the database any more.
std::optional<std::vector<MoveRun>> runs_of_table(SqliteDatabase& database, const CatalogView& view,
                                                  std::uint64_t number) {
    const std::optional<std::vector<PackRow>> packs = view.packs(database);
    if (!packs) return std::nullopt;
    std::vector<MoveRun> runs;
    for (const PackRow& from : *packs) {
        if (from.moves == 0) continue;
        const std::optional<MoveRows> moves = read_moves(database, from);
        if (!moves) return std::nullopt;
        for (const MoveRow& move : *moves) {
            if (move.table != number) continue;
            const std::optional<const PackRow*> to = view.find(database, move.to_pack);
            if (!to || *to == nullptr) return std::nullopt;
            runs.push_back({{from.id, move.from_slot}, move.slots, {(*to)->id, move.to_slot}});
        }
    }
    return runs;
}

}  // namespace

/// Calls `f` with the newest view. `f` returns nullopt when the database does not have what the view refers to:
/// then it is called again with a newer view; if there is none, the catalog is damaged.
template <typename Result, typename F>
Result CatalogDatabase::consistently(const F& f) const {
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

std::shared_ptr<const CatalogView> CatalogDatabase::read_view(const std::shared_ptr<const CatalogView>& before) const {
    const ReaderPool::Lease reader(*readers_);
    const SqliteTransaction transaction(*reader, SqliteLock::shared);
    return CatalogView::read(*reader, before);
}

/// The current view of the database.
std::shared_ptr<const CatalogView> CatalogDatabase::fresh_view() const {
    const std::uint64_t changes = lock_.changes();  // before the database is read, so that a later change is noticed
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
void CatalogDatabase::publish(const std::shared_ptr<const CatalogView>& view, std::uint64_t changes) const {
    const std::lock_guard lock(view_mutex_);
    if (view_ && view_->state().generation > view->state().generation) return;
    view_ = view;
    view_changes_ = changes;
}

/// One write transaction: `f` gets the change and the state before, and returns whether to commit.
template <typename F>
bool CatalogDatabase::write(const F& f) {
    CatalogLock::Hold hold(lock_, CatalogLock::Kind::write);
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
    has_written_ = true;
    publish(after, lock_.changes());
    if (after->runs() != before->runs() && is_in_place()) sweep_filter_files(folder_, after->runs());
    return true;
}

std::shared_ptr<const CatalogView> CatalogDatabase::last_view() const {
    const std::lock_guard lock(view_mutex_);
    return view_;
}

CatalogDatabase::CatalogDatabase(std::filesystem::path folder, CatalogLock lock)
    : folder_(std::move(folder)), lock_(std::move(lock)) {}

/// Between `hold` and the end of this function, the folder's name and the files in it belong together.
std::unique_ptr<CatalogDatabase> CatalogDatabase::open(const std::filesystem::path& folder,
                                                       const RepositoryId& repository, const LogHead& genesis) {
    for (int attempt = 1; attempt <= open_attempts_max; ++attempt) {
        prepare_catalog_folder(folder);
        std::unique_ptr<CatalogDatabase> opened;
        try {
            opened.reset(new CatalogDatabase(folder, CatalogLock(folder)));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::not_found) continue;
            throw;
        }
        const CatalogLock::Hold hold(opened->lock_, CatalogLock::Kind::open);
        if (!opened->lock_.is_in(folder)) continue;
        make_file(database_file(folder));
        opened->connect(database_file(folder), SqlitePlace::file, repository, genesis);
        return opened;
    }
    throw Error(ErrorCode::io,
                fmt::format("catalog '{}' is replaced again and again by other programs; try again", folder.string()));
}

std::unique_ptr<CatalogDatabase> CatalogDatabase::in_memory(const RepositoryId& repository, const LogHead& genesis) {
    std::unique_ptr<CatalogDatabase> opened(new CatalogDatabase({}, CatalogLock::in_memory()));
    // The name is the process's alone, and only connections of the same name share the database.
    opened->connect("/varve-" + RepositoryId::make().hex(), SqlitePlace::memory, repository, genesis);
    return opened;
}

void CatalogDatabase::connect(const std::filesystem::path& file, SqlitePlace place, const RepositoryId& repository,
                              const LogHead& genesis) {
    {
        // Others may find the same empty file, and only one may turn it into a database.
        std::optional<CatalogLock::Hold> creating;
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0 || status.st_size == 0)
            creating.emplace(lock_, CatalogLock::Kind::write);
        writer_ = std::make_unique<SqliteDatabase>(file, writer_cache_kib, place);
        if (!creating && is_empty(*writer_)) creating.emplace(lock_, CatalogLock::Kind::write);
        if (creating && is_empty(*writer_)) create_schema(*writer_, repository, genesis);
    }
    check_schema(*writer_, repository);
    readers_ = std::make_unique<ReaderPool>(file, place, reader_count, reader_cache_kib);
    slots_ = std::make_unique<SlotTableCache>(*readers_, slot_cache_bytes);
    addresses_ = std::make_unique<AddressResolver>(*readers_, move_cache_bytes);
    ids_ = std::make_unique<IdLookup>(*readers_, folder_, *slots_, *addresses_, page_cache_bytes);
    fresh_view();
}

CatalogDatabase::~CatalogDatabase() {
    if (!has_written_) return;
    try {
        writer_->checkpoint();
    } catch (const Error&) {
        // The write-ahead log keeps it.
    }
}

bool CatalogDatabase::apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
                            std::span<const MoveTable> tables) {
    return write([&](CatalogChange& change, const CatalogState& state) {
        if (state.head != before) return false;
        change.apply(record, packs, tables);
        return true;
    });
}

void CatalogDatabase::load(const LogState& state, std::span<const MoveTable> tables) {
    write([&](CatalogChange& change, const CatalogState&) {
        change.load(state, tables);
        return true;
    });
}

bool CatalogDatabase::skip(const LogHead& before, const LogHead& after) {
    return write([&](CatalogChange& change, const CatalogState& state) {
        if (state.head != before) return false;
        change.skip(after);
        return true;
    });
}

std::vector<LogNumber> CatalogDatabase::lost_entries() const {
    const ReaderPool::Lease reader(*readers_);
    std::vector<LogNumber> numbers;
    SqliteQuery rows = (*reader).query("SELECT number FROM log WHERE kind = 'lost' ORDER BY number");
    while (rows.step()) numbers.push_back(rows.number(0));
    return numbers;
}

void CatalogDatabase::add_uncommitted(std::span<const StoredPack> packs) {
    write([&](CatalogChange& change, const CatalogState&) {
        change.add_uncommitted(packs);
        return true;
    });
}

void CatalogDatabase::drop_uncommitted(std::span<const PackId> packs) {
    write([&](CatalogChange& change, const CatalogState&) {
        change.drop_uncommitted(packs);
        return true;
    });
}

std::vector<ListedSnapshot> CatalogDatabase::snapshots(const std::optional<std::string>& disk) const {
    const ReaderPool::Lease reader(*readers_);
    const SqliteTransaction transaction(*reader, SqliteLock::shared);
    return read_snapshots(*reader, read_state(*reader), disk);
}

std::vector<ListedSnapshot> CatalogDatabase::last_snapshots(const std::string& disk, std::size_t count) const {
    const ReaderPool::Lease reader(*readers_);
    const SqliteTransaction transaction(*reader, SqliteLock::shared);
    return read_last_snapshots(*reader, read_state(*reader), disk, count);
}

std::vector<ListedSnapshot> CatalogDatabase::snapshots_by_prefix(const std::string& hex_prefix) const {
    const ReaderPool::Lease reader(*readers_);
    const SqliteTransaction transaction(*reader, SqliteLock::shared);
    return read_snapshots_by_prefix(*reader, read_state(*reader), ascii_lower(hex_prefix));
}

std::optional<ListedPack> CatalogDatabase::pack(const PackId& id) const {
    using Pack = std::optional<ListedPack>;
    return consistently<Pack>([&](const CatalogView& view) -> std::optional<Pack> {
        const std::optional<const PackRow*> row = view.find(*readers_, id);
        if (!row) return std::nullopt;
        if (*row == nullptr || (*row)->standing == PackRowState::named) return Pack();
        return Pack(listed(**row));
    });
}

std::vector<ListedPack> CatalogDatabase::packs() const {
    const auto rows = consistently<std::vector<PackRow>>([&](const CatalogView& view) {
        const ReaderPool::Lease reader(*readers_);
        const SqliteTransaction transaction(*reader, SqliteLock::shared);
        return view.packs(*reader);
    });
    std::vector<ListedPack> result;
    for (const PackRow& row : rows)
        if (row.standing != PackRowState::named) result.push_back(listed(row));
    return result;
}

std::vector<MoveRun> CatalogDatabase::moves(std::uint64_t number) const {
    auto runs = consistently<std::vector<MoveRun>>([&](const CatalogView& view) {
        const ReaderPool::Lease reader(*readers_);
        const SqliteTransaction transaction(*reader, SqliteLock::shared);
        return runs_of_table(*reader, view, number);
    });
    std::ranges::sort(runs, {}, &MoveRun::from);
    return runs;
}

std::shared_ptr<const SlotTable> CatalogDatabase::slots(const PackId& pack) const {
    using Table = std::shared_ptr<const SlotTable>;
    return consistently<Table>([&](const CatalogView& view) -> std::optional<Table> {
        const std::optional<const PackRow*> found = view.find(*readers_, pack);
        if (!found) return std::nullopt;
        const PackRow* row = *found;
        if (row == nullptr || !row->slots)
            throw Error(ErrorCode::not_found,
                        fmt::format("the catalog has no slot table of pack {}; run 'varve rebuild'", pack.hex()));
        Table table = slots_->find(*row);
        return table ? std::optional(std::move(table)) : std::nullopt;
    });
}

std::optional<ChunkAddress> CatalogDatabase::current(const ChunkAddress& address) const {
    return consistently<Place>([&](const CatalogView& view) { return addresses_->resolve(view, address); }).address;
}

std::vector<std::optional<ChunkAddress>> CatalogDatabase::all_current(std::span<const ChunkAddress> addresses) const {
    using Addresses = std::vector<std::optional<ChunkAddress>>;
    return consistently<Addresses>([&](const CatalogView& view) -> std::optional<Addresses> {
        Addresses now;
        now.reserve(addresses.size());
        for (const ChunkAddress& address : addresses) {
            const std::optional<Place> place = addresses_->resolve(view, address);
            if (!place) return std::nullopt;
            now.push_back(place->address);
        }
        return now;
    });
}

std::optional<ChunkAddress> CatalogDatabase::find_chunk(const ChunkId& id, const ChunkTest& is_usable) const {
    return consistently<Place>([&](const CatalogView& view) { return ids_->find(view, id, is_usable); }).address;
}

}  // namespace varve
