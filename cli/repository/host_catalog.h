#pragma once
/// This host's catalog of a repository, whatever happens to it: in the cache folder if that is usable, else in this
/// program's memory. When it turns out to be damaged or its file system fails, in the middle of any call, a new one is
/// made from the log, beside it or in memory, and the call is answered from that. So no job notices, and none is
/// repeated. One warning reports each step. Threads: as engine/repository/catalog.h.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "cli/repository/cache_folder.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog.h"
#include "engine/repository/commit_log.h"
#include "engine/repository/repository.h"
#include "store/pack_store.h"

namespace varve {

class HostCatalog final : public Catalog {
public:
    /// Opens the catalog, or makes it from the log. Borrows all but `place`.
    HostCatalog(CatalogPlace place, const RepositoryInfo& info, CommitLog& log, Backend& backend, Progress& progress);

    /// Whether it is in the folder; else it ends with this object.
    bool is_kept() const;

    /// Makes a new catalog from the log and puts it in the place of the one in the folder, which stays if that fails.
    /// Throws Error(io) or Error(refused) when the folder cannot be used.
    static void rebuild_in(const CatalogPlace& place, const RepositoryInfo& info, CommitLog& log, Backend& backend);

    LogHead head() const override;
    bool apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
               std::span<const MoveTable> tables) override;
    void load(const LogState& state, std::span<const MoveTable> tables) override;
    bool skip(const LogHead& before, const LogHead& after) override;
    std::vector<LogNumber> lost_entries() const override;
    void replace(const LogHead& genesis, const std::function<void(Catalog& fresh)>& fill) override;
    std::vector<ListedSnapshot> snapshots(const std::optional<std::string>& disk) const override;
    std::vector<ListedSnapshot> last_snapshots(const std::string& disk, std::size_t count) const override;
    std::vector<ListedSnapshot> snapshots_by_prefix(const std::string& hex_prefix) const override;
    std::optional<ListedPack> pack(const PackId& id) const override;
    std::vector<ListedPack> packs() const override;
    LogNumber last_move() const override;
    void add_uncommitted(std::span<const StoredPack> packs) override;
    void drop_uncommitted(std::span<const PackId> packs) override;
    std::vector<MoveRun> moves(std::uint64_t number) const override;
    using Catalog::find_chunk;
    std::optional<ChunkAddress> find_chunk(const ChunkId& id, const ChunkTest& is_usable) const override;
    std::shared_ptr<const SlotTable> slots(const PackId& pack) const override;
    std::optional<ChunkAddress> current(const ChunkAddress& address) const override;
    std::vector<std::optional<ChunkAddress>> all_current(std::span<const ChunkAddress> addresses) const override;

private:
    template <typename Ask>
    auto ask(const Ask& question) const;
    std::shared_ptr<Catalog> used() const;
    void use(std::shared_ptr<Catalog> catalog) const;
    std::shared_ptr<Catalog> open();
    void recover(const std::shared_ptr<Catalog>& failed, const Error& error) const;
    std::shared_ptr<Catalog> made_again(const Error& error) const;
    std::shared_ptr<Catalog> made_in_folder(const Error& error) const;
    std::shared_ptr<Catalog> made_in_memory() const;
    void note_uncommitted_again(Catalog& catalog) const;

    CatalogPlace place_;
    const RepositoryInfo& info_;
    CommitLog& log_;
    Progress& progress_;
    mutable PackStore packs_;            ///< reads slot tables from the packs themselves
    mutable std::mutex recovery_mutex_;  ///< one thread makes a new catalog
    mutable bool is_in_memory_ = false;  ///< guarded by recovery_mutex_, as is the next
    mutable int recoveries_ = 0;
    mutable std::mutex mutex_;  ///< guards the rest
    mutable std::shared_ptr<Catalog> used_;
    std::set<PackId> uncommitted_;  ///< what a new catalog does not learn from the log
};

}  // namespace varve
