#pragma once
/// Snapshots in the catalog: one row each, readable by a person, with its tags, source options and attachments in
/// separate tables. Each row's seal covers all of that; each disk counts its snapshots, and the state the disks, so
/// that none can go missing unnoticed. All calls run within the caller's transaction.

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

/// Throws Error(corrupt) when a snapshot with this id already exists.
void insert_snapshot(SqliteDatabase& database, CatalogState& state, const ListedSnapshot& snapshot);

/// Removes the snapshot; does nothing when there is none (two hosts may forget the same).
void remove_snapshot(SqliteDatabase& database, CatalogState& state, const SnapshotId& id);

/// Adds and removes tags; does nothing when there is no such snapshot.
void edit_tags(SqliteDatabase& database, CatalogState& state, const TagEntry& edit);

}  // namespace varve
