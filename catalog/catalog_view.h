#pragma once
/// What the catalog keeps in memory of one generation of the database: the state, the runs of the id index, and the
/// rows of the packs that were asked for. What it answers never changes, so readers keep the view they started with
/// while a newer one is built. Safe from many threads. Costs the same for any number of packs.

#include <memory>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "catalog/catalog_state.h"
#include "catalog/index_run.h"
#include "catalog/pack_row.h"
#include "catalog/reader_pool.h"

namespace varve {

class CatalogView {
public:
    /// The view of the database as the caller's transaction sees it. `before` (may be null) is returned if it is
    /// still current; otherwise what did not change is taken from it. `made` are runs that the caller has just written.
    /// Throws Error(catalog_damaged) unless state and runs exist and match their seals.
    static std::shared_ptr<const CatalogView> read(SqliteDatabase& database,
                                                   const std::shared_ptr<const CatalogView>& before,
                                                   const IndexRuns& made = {});

    const CatalogState& state() const { return state_; }
    const IndexRuns& runs() const { return runs_; }

    /// The row of a pack, or null for an unknown pack; borrowed from the view. nullopt: the database has a newer one by
    /// now, so the question needs a newer view. The first time, the row is read over `database`.
    std::optional<const PackRow*> find(SqliteDatabase& database, const PackId& id) const;
    std::optional<const PackRow*> find(SqliteDatabase& database, PackNumber number) const;
    /// The same over a connection of the pool, which is taken only if the row must be read.
    std::optional<const PackRow*> find(ReaderPool& readers, const PackId& id) const;
    std::optional<const PackRow*> find(ReaderPool& readers, PackNumber number) const;

    /// All rows, by number; nullopt as above.
    std::optional<std::vector<PackRow>> packs(SqliteDatabase& database) const;

private:
    using Rows = std::unordered_map<PackNumber, std::shared_ptr<const PackRow>>;

    /// nullptr: not in memory.
    const PackRow* known(const PackId& id) const;
    const PackRow* known(PackNumber number) const;
    const PackRow* keep(std::shared_ptr<const PackRow> row) const;
    void take_unchanged(const CatalogView& before, SqliteDatabase& database);

    CatalogState state_;
    IndexRuns runs_;
    mutable std::shared_mutex mutex_;
    mutable Rows rows_;
    mutable std::unordered_map<PackId, PackNumber> numbers_;
};

}  // namespace varve
