#pragma once
/// The one row that every write transaction renews: how far the log was read, and the sums by which a missing row is
/// noticed. A plain value.

#include <cstdint>

#include "catalog/sqlite.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct CatalogState {
    std::uint64_t generation = 0;  ///< one more with each write transaction
    std::uint64_t epoch = 0;       ///< one more with each reset
    LogHead head;
    LogNumber last_move = 0;
    std::uint64_t move_tables = 0;  ///< tables entered so far: the order in which they apply
    std::uint64_t next_run = 1;     ///< numbers of index runs are never used twice
    std::uint64_t packs = 0;        ///< rows of packs, numbered from 1 without a gap
    std::uint64_t packs_sum = 0;    ///< wrapping sums of the rows' seals
    std::uint64_t runs_sum = 0;
    std::uint64_t disks_sum = 0;
    friend bool operator==(const CatalogState&, const CatalogState&) = default;
};

/// Throws Error(catalog_damaged) when the row is missing or does not fit its seal.
CatalogState read_state(SqliteDatabase& database);

void insert_state(SqliteDatabase& database, const CatalogState& state);
void update_state(SqliteDatabase& database, const CatalogState& state);

}  // namespace varve
