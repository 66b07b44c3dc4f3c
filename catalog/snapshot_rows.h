#pragma once
/// Snapshots in the catalog: one row each, readable by a person, with its tags, source options and attachments in
/// separate tables. Each row's seal covers all of that; each disk counts its snapshots, and the state the disks, so
/// that none can go missing unnoticed. Each row also names the disk's snapshot before it in the order of the log, and
/// the disk's row the last one: the newest are read, and proved to be the newest, without reading the others. All calls
/// run within the caller's transaction.

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog_state.h"
#include "catalog/sqlite.h"
#include "engine/repository/catalog.h"

namespace varve {

/// By disk name, then time, then commit, then position. Throws Error(catalog_damaged) unless they are all present and
/// whole.
std::vector<ListedSnapshot> read_snapshots(SqliteDatabase& database, const CatalogState& state,
                                           const std::optional<std::string>& disk);

/// As Catalog::last_snapshots().
std::vector<ListedSnapshot> read_last_snapshots(SqliteDatabase& database, const CatalogState& state,
                                                const std::string& disk, std::size_t count);

/// As Catalog::snapshots_by_prefix(); `prefix` in lower case. All rows are read only when none is found.
std::vector<ListedSnapshot> read_snapshots_by_prefix(SqliteDatabase& database, const CatalogState& state,
                                                     const std::string& prefix);

/// Throws Error(corrupt) when a snapshot with this id already exists.
void insert_snapshot(SqliteDatabase& database, CatalogState& state, const ListedSnapshot& snapshot);

/// Removes the snapshot; does nothing when there is none (two hosts may forget the same).
void remove_snapshot(SqliteDatabase& database, CatalogState& state, const SnapshotId& id);

/// Adds and removes tags; does nothing when there is no such snapshot.
void edit_tags(SqliteDatabase& database, CatalogState& state, const TagEntry& edit);

}  // namespace varve
