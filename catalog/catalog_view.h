#pragma once
/// What the catalog keeps in memory of one generation of the database: the state, all packs, all runs of the id index.
/// Immutable: readers keep the view they started with while a newer one is built.

#include <memory>
#include <vector>

#include "catalog/catalog_state.h"
#include "catalog/index_run.h"
#include "catalog/pack_row.h"

namespace varve {

class CatalogView {
public:
    /// The view of the database as the caller's transaction sees it. `before` (may be null) is returned if it is
    /// still current; otherwise what did not change is taken from it. `made` are runs that the caller has just written.
    /// Throws Error(catalog_damaged) unless all rows exist and match their seals.
    static std::shared_ptr<const CatalogView> read(SqliteDatabase& database,
                                                   const std::shared_ptr<const CatalogView>& before,
                                                   const IndexRuns& made = {});

    const CatalogState& state() const { return state_; }
    const IndexRuns& runs() const { return runs_; }
    /// By number, from 1.
    const std::vector<PackRow>& packs() const { return packs_; }

    /// The row of a pack, or null for an unknown pack.
    const PackRow* find(const PackId& id) const;
    const PackRow* find(PackNumber number) const;

private:
    void take(PackRow row);
    void sort_new_packs(std::size_t sorted_count);
    void check_sums() const;

    CatalogState state_;
    IndexRuns runs_;
    std::vector<PackRow> packs_;
    std::vector<PackNumber> by_id_;  ///< ascending by id
    std::uint64_t packs_sum_ = 0;
};

}  // namespace varve
