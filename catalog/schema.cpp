#include "catalog/schema.h"

#include <array>

#include <fmt/format.h>

#include "catalog/catalog_state.h"
#include "catalog/pack_row.h"
#include "engine/repository/catalog.h"

namespace varve {
namespace {

/// One object of the schema, exactly as SQLite stores its text. Named so that the list in SCHEMA.md is easy to follow.
constexpr std::array schema = {
    std::string_view(R"(CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE state (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  generation       INTEGER NOT NULL,
  log_number       INTEGER NOT NULL,
  log_digest       TEXT NOT NULL,
  last_move        INTEGER NOT NULL,
  move_tables      INTEGER NOT NULL,
  next_run         INTEGER NOT NULL,
  packs            INTEGER NOT NULL,
  live_chunks      INTEGER NOT NULL,
  runs_sum         INTEGER NOT NULL,
  disks_sum        INTEGER NOT NULL,
  seal             INTEGER NOT NULL
))"),
    std::string_view(R"(CREATE TABLE log (
  number      INTEGER PRIMARY KEY,
  kind        TEXT NOT NULL,
  written_utc TEXT NOT NULL,
  host        TEXT NOT NULL,
  program     TEXT NOT NULL,
  digest      TEXT NOT NULL
))"),
    std::string_view("CREATE INDEX lost_entries ON log (number) WHERE kind = 'lost'"),
    std::string_view(R"(CREATE TABLE disks (
  disk          TEXT PRIMARY KEY,
  snapshots     INTEGER NOT NULL,
  snapshots_sum INTEGER NOT NULL,
  last          TEXT NOT NULL,
  last_active   TEXT,
  seal          INTEGER NOT NULL
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE snapshots (
  id              TEXT PRIMARY KEY,
  parent          TEXT,
  disk            TEXT NOT NULL,
  time_utc        TEXT NOT NULL,
  time_ns         INTEGER NOT NULL,
  size            INTEGER NOT NULL,
  root            TEXT NOT NULL,
  map_digest      TEXT NOT NULL,
  map_pack        TEXT NOT NULL,
  map_slot        INTEGER NOT NULL,
  source_path     TEXT NOT NULL,
  source_format   TEXT NOT NULL,
  source_snapshot TEXT NOT NULL,
  source_state    TEXT NOT NULL,
  group_name      TEXT NOT NULL,
  change_source   TEXT NOT NULL,
  change_token    BLOB NOT NULL,
  bytes_scanned   INTEGER NOT NULL,
  bytes_audited   INTEGER NOT NULL,
  bytes_changed   INTEGER NOT NULL,
  bytes_stored    INTEGER NOT NULL,
  chunks_new      INTEGER NOT NULL,
  chunks_reused   INTEGER NOT NULL,
  duration_ns     INTEGER NOT NULL,
  entry           INTEGER NOT NULL,
  position        INTEGER NOT NULL,
  previous        TEXT,
  seal            INTEGER NOT NULL
))"),
    std::string_view("CREATE INDEX snapshots_by_disk ON snapshots (disk, time_ns, entry, position)"),
    std::string_view("CREATE INDEX snapshots_by_previous ON snapshots (previous)"),
    std::string_view(R"(CREATE TABLE tags (
  snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (snapshot, name)
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE source_options (
  snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (snapshot, name)
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE attachments (
  snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  pack     TEXT NOT NULL,
  slot     INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  PRIMARY KEY (snapshot, position)
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE unreadable (
  snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  begin    INTEGER NOT NULL,
  length   INTEGER NOT NULL,
  PRIMARY KEY (snapshot, position)
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE packs (
  number     INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  state      TEXT NOT NULL,
  kind       TEXT,
  digest     TEXT,
  size       INTEGER,
  entry      INTEGER NOT NULL,
  slots      INTEGER,
  slots_seal INTEGER NOT NULL,
  chunks     INTEGER NOT NULL,
  moves      INTEGER NOT NULL,
  moves_sum  INTEGER NOT NULL,
  changed    INTEGER NOT NULL,
  seal       INTEGER NOT NULL
))"),
    std::string_view("CREATE INDEX packs_by_change ON packs (changed)"),
    std::string_view(R"(CREATE TABLE pack_buckets (
  bucket    INTEGER PRIMARY KEY,
  packs     INTEGER NOT NULL,
  packs_sum INTEGER NOT NULL,
  seal      INTEGER NOT NULL
))"),
    std::string_view(R"(CREATE TABLE slot_tables (
  pack  INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
))"),
    std::string_view(R"(CREATE TABLE moves (
  from_pack  INTEGER NOT NULL,
  table_no   INTEGER NOT NULL,
  from_slot  INTEGER NOT NULL,
  slots      INTEGER NOT NULL,
  to_pack    INTEGER NOT NULL,
  to_slot    INTEGER NOT NULL,
  entry      INTEGER NOT NULL,
  PRIMARY KEY (from_pack, table_no, from_slot)
) WITHOUT ROWID)"),
    std::string_view(R"(CREATE TABLE id_runs (
  run        INTEGER PRIMARY KEY,
  entries    INTEGER NOT NULL,
  filter_key INTEGER NOT NULL,
  first_tags BLOB NOT NULL,
  seal       INTEGER NOT NULL
))"),
    std::string_view(R"(CREATE TABLE id_pages (
  page    INTEGER PRIMARY KEY,
  seal    INTEGER NOT NULL,
  entries BLOB NOT NULL
))"),
};

void check_number(SqliteDatabase& database, const std::string& name, std::int64_t expected) {
    if (const std::int64_t found = database.pragma(name); found != expected)
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("catalog '{}' has {} {}, expected {}", database.path(), name, found, expected));
}

std::string meta(SqliteDatabase& database, std::string_view name) {
    SqliteQuery rows = database.query("SELECT value FROM meta WHERE name = ?", name);
    return rows.step() ? std::string(rows.text(0)) : std::string();
}

}  // namespace

void create_schema(SqliteDatabase& database, const RepositoryId& repository, const LogHead& genesis) {
    SqliteTransaction transaction(database, SqliteLock::immediate);
    for (const std::string_view text : schema) database.execute(std::string(text));
    database.run("INSERT INTO meta VALUES ('repository', ?)", std::string_view(repository.hex()));
    CatalogState state;
    state.head = genesis;
    insert_state(database, state);
    create_pack_buckets(database);
    database.execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", catalog_application_id,
                                 catalog_schema_version));
    transaction.commit();
}

bool is_empty(SqliteDatabase& database) {
    SqliteQuery rows = database.query("SELECT count(*) FROM sqlite_schema");
    return rows.step() && rows.integer(0) == 0 && database.pragma("user_version") == 0 &&
           database.pragma("application_id") == 0;
}

void check_schema(SqliteDatabase& database, const RepositoryId& repository) {
    check_number(database, "application_id", catalog_application_id);
    check_number(database, "user_version", catalog_schema_version);
    check_number(database, "auto_vacuum", 0);  // would make SQLite use pages of the tables for itself
    SqliteQuery rows = database.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
    std::size_t count = 0;
    for (; rows.step(); ++count)
        if (count >= schema.size() || rows.text(0) != schema[count])
            throw Error(ErrorCode::catalog_damaged,
                        fmt::format("catalog '{}' has a different schema: object {} differs", database.path(), count));
    if (count != schema.size())
        throw Error(ErrorCode::catalog_damaged, fmt::format("catalog '{}' has {} tables and indices, expected {}",
                                                            database.path(), count, schema.size()));
    if (const std::string found = meta(database, "repository"); found != repository.hex())
        throw Error(ErrorCode::catalog_damaged, fmt::format("catalog '{}' belongs to repository '{}', expected '{}'",
                                                            database.path(), found, repository.hex()));
}

}  // namespace varve
