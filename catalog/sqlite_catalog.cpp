#include "catalog/sqlite_catalog.h"

#include <mutex>

#include "catalog/catalog_database.h"
#include "catalog/catalog_folder.h"

namespace varve {
namespace {

/// Forwards to the database that is in use; replacing it is the only thing that it does itself.
class SqliteCatalog final : public Catalog {
public:
    /// An empty `folder`: in memory.
    SqliteCatalog(std::filesystem::path folder, const RepositoryId& repository, const LogHead& genesis)
        : folder_(std::move(folder)), repository_(repository), database_(open(genesis)) {}

    LogHead head() const override { return used()->head(); }
    LogNumber last_move() const override { return used()->last_move(); }
    bool apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
               std::span<const MoveTable> tables) override {
        return used()->apply(before, record, packs, tables);
    }
    void load(const LogState& state, std::span<const MoveTable> tables) override { used()->load(state, tables); }
    bool skip(const LogHead& before, const LogHead& after) override { return used()->skip(before, after); }
    std::vector<LogNumber> lost_entries() const override { return used()->lost_entries(); }
    void add_uncommitted(std::span<const StoredPack> packs) override { used()->add_uncommitted(packs); }
    void drop_uncommitted(std::span<const PackId> packs) override { used()->drop_uncommitted(packs); }
    std::vector<ListedSnapshot> snapshots(const std::optional<std::string>& disk) const override {
        return used()->snapshots(disk);
    }
    std::vector<ListedSnapshot> last_snapshots(const std::string& disk, std::size_t count) const override {
        return used()->last_snapshots(disk, count);
    }
    std::vector<ListedSnapshot> snapshots_by_prefix(const std::string& hex_prefix) const override {
        return used()->snapshots_by_prefix(hex_prefix);
    }
    std::optional<ListedPack> pack(const PackId& id) const override { return used()->pack(id); }
    std::vector<ListedPack> packs() const override { return used()->packs(); }
    std::shared_ptr<const SlotTable> slots(const PackId& pack) const override { return used()->slots(pack); }
    std::optional<ChunkAddress> current(const ChunkAddress& address) const override { return used()->current(address); }
    std::vector<std::optional<ChunkAddress>> all_current(std::span<const ChunkAddress> addresses) const override {
        return used()->all_current(addresses);
    }
    std::vector<MoveRun> moves(std::uint64_t number) const override { return used()->moves(number); }
    using Catalog::find_chunk;
    std::optional<ChunkAddress> find_chunk(const ChunkId& id, const ChunkTest& is_usable) const override {
        return used()->find_chunk(id, is_usable);
    }

    void replace(const LogHead& genesis, const std::function<void(Catalog& fresh)>& fill) override {
        if (!folder_.empty()) {
            replace_sqlite_catalog(folder_, repository_, genesis, fill);
            use(open(genesis));
            return;
        }
        SqliteCatalog fresh({}, repository_, genesis);
        fill(fresh);
        use(fresh.used());
    }

    void settle() const { used()->settle(); }

private:
    std::shared_ptr<CatalogDatabase> open(const LogHead& genesis) const {
        return folder_.empty() ? CatalogDatabase::in_memory(repository_, genesis)
                               : CatalogDatabase::open(folder_, repository_, genesis);
    }
    std::shared_ptr<CatalogDatabase> used() const {
        const std::lock_guard lock(mutex_);
        return database_;
    }
    void use(std::shared_ptr<CatalogDatabase> database) {
        const std::lock_guard lock(mutex_);
        database_.swap(database);
    }

    const std::filesystem::path folder_;
    const RepositoryId repository_;
    mutable std::mutex mutex_;
    std::shared_ptr<CatalogDatabase> database_;
};

}  // namespace

std::unique_ptr<Catalog> open_sqlite_catalog(const std::filesystem::path& folder, const RepositoryId& repository,
                                             const LogHead& genesis) {
    return std::make_unique<SqliteCatalog>(folder, repository, genesis);
}

std::unique_ptr<Catalog> open_memory_catalog(const RepositoryId& repository, const LogHead& genesis) {
    return std::make_unique<SqliteCatalog>(std::filesystem::path(), repository, genesis);
}

void replace_sqlite_catalog(const std::filesystem::path& folder, const RepositoryId& repository, const LogHead& genesis,
                            const std::function<void(Catalog& fresh)>& fill) {
    prepare_catalog_folder(folder);
    CatalogDraft draft(folder);
    {
        SqliteCatalog fresh(draft.folder(), repository, genesis);
        fill(fresh);
        fresh.settle();
    }
    draft.take_place();
}

void remove_sqlite_catalog(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (std::filesystem::exists(folder, ignored)) remove_catalog_folder(folder);
}

}  // namespace varve
