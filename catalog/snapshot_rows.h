#pragma once
/// Snapshots in the catalog: one row each, readable by a person, with its tags, source options and attachments in
/// tables of their own. Each row's seal covers all of that; each disk counts its snapshots, and the state the disks, so
/// that none can go missing. All calls run inside the caller's transaction.

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog_state.h"
#include "catalog/sqlite.h"
#include "engine/repository/catalog.h"

namespace varve {

/// By disk name, then time, then commit, then position. Throws Error(catalog_damaged) unless they are all there and
/// whole.
std::vector<ListedSnapshot> read_snapshots(SqliteDatabase& database, const CatalogState& state,
                                           const std::optional<std::string>& disk);

/// Throws Error(corrupt) when a snapshot with this id is there already.
void insert_snapshot(SqliteDatabase& database, CatalogState& state, const ListedSnapshot& snapshot);

/// Removes the snapshot; passed over when it is not there (two hosts may forget the same).
void remove_snapshot(SqliteDatabase& database, CatalogState& state, const SnapshotId& id);

/// Adds and takes tags; passed over when the snapshot is not there.
void edit_tags(SqliteDatabase& database, CatalogState& state, const TagEntry& edit);

void remove_all_snapshots(SqliteDatabase& database, CatalogState& state);

}  // namespace varve
