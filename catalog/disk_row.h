#pragma once
/// A disk in the catalog: how many snapshots it has, the sum of their seals, and where its history ends. The sum of the
/// rows' seals is in the state. All calls run within the caller's transaction.

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog_state.h"
#include "catalog/sqlite.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct DiskRow {
    std::string disk;
    std::uint64_t snapshots = 0;
    std::uint64_t snapshots_sum = 0;  ///< wrapping sum of their seals
    SnapshotId last;                  ///< in the order of the log
    SnapshotId last_active;           ///< the last of the disk's active state; none(): all are internal snapshots

    std::uint64_t seal() const;
};

/// By name. Throws Error(catalog_damaged) unless they are all present and whole.
std::vector<DiskRow> read_disks(SqliteDatabase& database, const CatalogState& state);

/// nullopt: the disk has no snapshot. Throws Error(catalog_damaged) when its row is missing or damaged.
std::optional<DiskRow> find_disk(SqliteDatabase& database, const CatalogState& state, const std::string& disk);

/// Replaces the disk's row `before`, if there is one, by `after`; removes it when `after` has no snapshots.
void replace_disk(SqliteDatabase& database, CatalogState& state, const std::optional<DiskRow>& before,
                  const DiskRow& after);

}  // namespace varve
