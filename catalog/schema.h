#pragma once
/// The tables of the catalog, described in catalog/SCHEMA.md. There is no migration: a database of another version is
/// Error(catalog_damaged), and the program that opened it reads the log again.

#include <string>

#include "catalog/sqlite.h"
#include "engine/base/random_id.h"
#include "engine/repository/log_entry.h"

namespace varve {

inline constexpr std::int64_t catalog_schema_version = 4;
inline constexpr std::int64_t catalog_application_id = 0x76617276;  // "varv"

/// Creates all tables in an empty database whose head is `genesis`.
void create_schema(SqliteDatabase& database, const RepositoryId& repository, const LogHead& genesis);

/// Whether the database is empty.
bool is_empty(SqliteDatabase& database);

/// Throws Error(catalog_damaged) unless the database is of this version, has exactly these tables and is of
/// `repository`.
void check_schema(SqliteDatabase& database, const RepositoryId& repository);

}  // namespace varve
