#pragma once
/// One write transaction of the catalog: collects what entries and packs change, on top of a view, and writes it.
/// Exists within the caller's SqliteTransaction; its changes are void when that rolls back.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "catalog/catalog_view.h"
#include "engine/repository/catalog.h"

namespace varve {

class CatalogChange {
public:
    /// `view` is the view of the same transaction.
    CatalogChange(SqliteDatabase& database, const std::filesystem::path& folder,
                  std::shared_ptr<const CatalogView> view);

    /// Each does what the Catalog method of its name does.
    void apply(const LogRecord& record, std::span<const StoredPack> packs, std::span<const MoveTable> tables);
    void load(const LogState& state, std::span<const MoveTable> tables);
    void skip(const LogHead& after);
    void add_uncommitted(std::span<const StoredPack> packs);
    void drop_uncommitted(std::span<const PackId> packs);

    /// Writes what was collected. Returns the runs of the id index; those just written include their filters.
    IndexRuns finish();

private:
    void apply_commit(const LogRecord& record, const CommitEntry& commit, std::span<const StoredPack> packs);
    void apply_move(const LogRecord& record, const MoveEntry& move, std::span<const StoredPack> packs,
                    std::span<const MoveTable> tables);
    void name_pack(const PackFacts& facts, LogNumber entry, std::span<const StoredPack> packs);
    void condemn(const PackId& id);
    void forget_slots_of_condemned();
    void take_slots(PackRow& row, const SlotTable& table);
    void enter_table(std::uint64_t number, LogNumber entry, const MoveTable& table);
    void load_condemned(const std::set<PackId>& condemned);
    void load_commit(LogNumber number, const LiveCommit& commit);

    /// The row to change; created with only the name for an unknown pack.
    PackRow& row_of(const PackId& id);
    PackRow& add_row(const PackId& id);
    PackRow& change_row(const PackRow& row);
    const PackRow* known(const PackId& id) const;
    const PackRow* known(PackNumber number) const;
    /// Once all changes were collected.
    bool is_live(PackNumber number);
    void write_rows();

    SqliteDatabase& database_;
    std::filesystem::path folder_;
    std::shared_ptr<const CatalogView> view_;
    CatalogState state_;
    IndexRuns runs_;
    std::map<PackNumber, PackRow> changed_;
    std::unordered_map<PackId, PackNumber> numbers_;  ///< numbers of the rows in changed_
    std::vector<IndexEntry> added_;
    std::vector<std::optional<bool>> live_;  ///< by number, as far as it was asked for
};

}  // namespace varve
