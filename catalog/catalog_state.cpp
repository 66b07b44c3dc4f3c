#include "catalog/catalog_state.h"

#include <fmt/format.h>

#include "catalog/row_text.h"
#include "catalog/seal.h"
#include "engine/repository/catalog.h"

namespace varve {
namespace {

std::uint64_t seal(const CatalogState& s) {
    return Seal("state")
        .add(s.generation)
        .add(s.head.number)
        .add(s.head.digest.view())
        .add(s.last_move)
        .add(s.move_tables)
        .add(s.next_run)
        .add(s.packs)
        .add(s.live_chunks)
        .add(s.runs_sum)
        .add(s.disks_sum)
        .value();
}

}  // namespace

CatalogState read_state(SqliteDatabase& database) {
    SqliteQuery row = database.query(
        "SELECT generation, log_number, log_digest, last_move, move_tables, next_run, packs, live_chunks, "
        "runs_sum, disks_sum, seal "
        "FROM state WHERE id = 1");
    if (!row.step())
        throw Error(ErrorCode::catalog_damaged, fmt::format("catalog '{}' has lost its state", database.path()));
    CatalogState s;
    s.generation = row.number(0);
    s.head.number = row.number(1);
    s.head.digest = id_column<Digest>(row, 2);
    s.last_move = row.number(3);
    s.move_tables = row.number(4);
    s.next_run = row.number(5);
    s.packs = row.number(6);
    s.live_chunks = row.number(7);
    s.runs_sum = row.number(8);
    s.disks_sum = row.number(9);
    if (row.number(10) != seal(s))
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("catalog '{}': the state does not match its checksum", database.path()));
    return s;
}

void insert_state(SqliteDatabase& database, const CatalogState& s) {
    database.run("INSERT INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", s.generation, s.head.number,
                 to_hex(s.head.digest.view()), s.last_move, s.move_tables, s.next_run, s.packs, s.live_chunks,
                 s.runs_sum, s.disks_sum, seal(s));
}

void update_state(SqliteDatabase& database, const CatalogState& s) {
    database.run("DELETE FROM state");
    insert_state(database, s);
}

}  // namespace varve
