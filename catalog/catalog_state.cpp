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
        .add(s.epoch)
        .add(s.head.number)
        .add(s.head.digest.view())
        .add(s.last_move)
        .add(s.move_tables)
        .add(s.next_run)
        .add(s.packs)
        .add(s.packs_sum)
        .add(s.runs_sum)
        .add(s.disks_sum)
        .value();
}

}  // namespace

CatalogState read_state(SqliteDatabase& database) {
    SqliteQuery row = database.query(
        "SELECT generation, epoch, log_number, log_digest, last_move, move_tables, next_run, packs, packs_sum, "
        "runs_sum, disks_sum, seal "
        "FROM state WHERE id = 1");
    if (!row.step())
        throw Error(ErrorCode::catalog_damaged, fmt::format("catalog '{}' has lost its state", database.path()));
    CatalogState s;
    s.generation = row.number(0);
    s.epoch = row.number(1);
    s.head.number = row.number(2);
    s.head.digest = id_column<Digest>(row, 3);
    s.last_move = row.number(4);
    s.move_tables = row.number(5);
    s.next_run = row.number(6);
    s.packs = row.number(7);
    s.packs_sum = row.number(8);
    s.runs_sum = row.number(9);
    s.disks_sum = row.number(10);
    if (row.number(11) != seal(s))
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("catalog '{}': the state does not match its checksum", database.path()));
    return s;
}

void insert_state(SqliteDatabase& database, const CatalogState& s) {
    database.run("INSERT INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", s.generation, s.epoch,
                 s.head.number, to_hex(s.head.digest.view()), s.last_move, s.move_tables, s.next_run, s.packs,
                 s.packs_sum, s.runs_sum, s.disks_sum, seal(s));
}

void update_state(SqliteDatabase& database, const CatalogState& s) {
    database.run("DELETE FROM state");
    insert_state(database, s);
}

}  // namespace varve
