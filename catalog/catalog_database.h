#pragma once
/// One database of the catalog, opened: its connections, what is kept in memory of it, and the Catalog's questions and
/// changes over them. In a folder, shared with other programs, or in this program's memory. It stays what it is when
/// another program gives its folder's name to a new catalog. Threads and errors: as engine/repository/catalog.h.

#include <filesystem>
#include <memory>
#include <mutex>

#include "catalog/address_resolver.h"
#include "catalog/catalog_change.h"
#include "catalog/catalog_lock.h"
#include "catalog/catalog_view.h"
#include "catalog/id_lookup.h"
#include "catalog/reader_pool.h"
#include "catalog/slot_table_cache.h"
#include "engine/repository/catalog.h"

namespace varve {

class CatalogDatabase {
public:
    /// Opens the database in `folder`, which must be prepared; creates it, with the head `genesis`, if there is none.
    static std::unique_ptr<CatalogDatabase> open(const std::filesystem::path& folder, const RepositoryId& repository,
                                                 const LogHead& genesis);
    static std::unique_ptr<CatalogDatabase> in_memory(const RepositoryId& repository, const LogHead& genesis);
    /// Moves what it wrote from the write-ahead log into the database.
    ~CatalogDatabase();
    CatalogDatabase(const CatalogDatabase&) = delete;
    CatalogDatabase& operator=(const CatalogDatabase&) = delete;

    /// Moves all of it into the database file, durably, for the one program that has it open.
    void settle() { writer_->checkpoint(); }

    /// Each does what the Catalog method of its name does.
    LogHead head() const { return fresh_view()->state().head; }
    LogNumber last_move() const { return fresh_view()->state().last_move; }
    bool apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
               std::span<const MoveTable> tables);
    void load(const LogState& state, std::span<const MoveTable> tables);
    bool skip(const LogHead& before, const LogHead& after);
    std::vector<LogNumber> lost_entries() const;
    void add_uncommitted(std::span<const StoredPack> packs);
    void drop_uncommitted(std::span<const PackId> packs);
    std::vector<ListedSnapshot> snapshots(const std::optional<std::string>& disk) const;
    std::vector<ListedSnapshot> last_snapshots(const std::string& disk, std::size_t count) const;
    std::vector<ListedSnapshot> snapshots_by_prefix(const std::string& hex_prefix) const;
    std::optional<ListedPack> pack(const PackId& id) const;
    std::vector<ListedPack> packs() const;
    std::vector<MoveRun> moves(std::uint64_t number) const;
    std::shared_ptr<const SlotTable> slots(const PackId& pack) const;
    std::optional<ChunkAddress> current(const ChunkAddress& address) const;
    std::vector<std::optional<ChunkAddress>> all_current(std::span<const ChunkAddress> addresses) const;
    std::optional<ChunkAddress> find_chunk(const ChunkId& id, const ChunkTest& is_usable) const;

private:
    CatalogDatabase(std::filesystem::path folder, CatalogLock lock);
    void connect(const std::filesystem::path& file, SqlitePlace place, const RepositoryId& repository,
                 const LogHead& genesis);
    void create_if_empty(const RepositoryId& repository, const LogHead& genesis);
    bool is_in_place() const { return !folder_.empty() && lock_.is_in(folder_); }

    template <typename Result, typename F>
    Result consistently(const F& f) const;
    std::shared_ptr<const CatalogView> read_view(const std::shared_ptr<const CatalogView>& before) const;
    std::shared_ptr<const CatalogView> fresh_view() const;
    void publish(const std::shared_ptr<const CatalogView>& view, std::uint64_t changes) const;
    std::shared_ptr<const CatalogView> last_view() const;
    template <typename F>
    bool write(const F& f);

    std::filesystem::path folder_;  ///< empty: in memory
    mutable CatalogLock lock_;
    std::unique_ptr<SqliteDatabase> writer_;
    std::unique_ptr<ReaderPool> readers_;
    std::unique_ptr<SlotTableCache> slots_;
    std::unique_ptr<AddressResolver> addresses_;
    std::unique_ptr<IdLookup> ids_;
    bool has_written_ = false;
    mutable std::mutex view_mutex_;
    mutable std::shared_ptr<const CatalogView> view_;
    mutable std::uint64_t view_changes_ = 0;
};

}  // namespace varve
