#pragma once
/// The one row that every write transaction updates: how far the log has been read, and the sums that reveal a missing
/// row. A plain value.

#include <cstdint>

#include "catalog/sqlite.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct CatalogState {
    std::uint64_t generation = 0;  ///< incremented by each write transaction
    LogHead head;
    LogNumber last_move = 0;
    std::uint64_t move_tables = 0;  ///< tables applied so far, which defines their order
    std::uint64_t next_run = 1;     ///< numbers of index runs are never reused
    std::uint64_t packs = 0;        ///< rows of packs, numbered from 1 without a gap
    std::uint64_t live_chunks = 0;  ///< entries in the id index that committed and uncommitted packs have
    std::uint64_t runs_sum = 0;     ///< wrapping sums of the rows' seals
    std::uint64_t disks_sum = 0;
    friend bool operator==(const CatalogState&, const CatalogState&) = default;
};

/// Throws Error(catalog_damaged) when the row is missing or does not match its seal.
CatalogState read_state(SqliteDatabase& database);

void insert_state(SqliteDatabase& database, const CatalogState& state);
void update_state(SqliteDatabase& database, const CatalogState& state);

}  // namespace varve
