#pragma once
/// How the id index grows: what a transaction adds becomes a sorted run, and runs of similar size are merged into one
/// four times as large, so that an entry is written once per power of four and there are never many runs. A run stops
/// growing at `index_run_entries_max`, so that no transaction lasts longer than a few seconds.

#include <filesystem>
#include <functional>

#include "catalog/catalog_state.h"
#include "catalog/index_run.h"

namespace varve {

inline constexpr std::uint64_t index_run_entries_max = 8u << 20;

/// What the index knows about packs while it merges; entries of other packs are left out.
struct IndexedPacks {
    std::function<bool(PackNumber)> is_live;
    std::uint64_t live_chunks = 0;  ///< entries that live packs have now
};

/// Adds `added` (in any order) to the index, within the caller's transaction; `runs` are the runs so far. Returns the
/// new runs; `state` gets their numbers and sum. Also drops dead entries step by step once they outnumber the live
/// ones.
IndexRuns add_to_index(SqliteDatabase& database, const std::filesystem::path& folder, CatalogState& state,
                       const IndexRuns& runs, std::vector<IndexEntry> added, const IndexedPacks& packs);

}  // namespace varve
