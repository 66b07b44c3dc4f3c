#include "catalog/disk_row.h"

#include <fmt/format.h>

#include "catalog/row_text.h"
#include "catalog/seal.h"
#include "engine/base/error.h"

namespace varve {
namespace {

DiskRow parse_disk(const SqliteQuery& row) {
    DiskRow disk{std::string(row.text(0)), row.number(1), row.number(2), id_column<SnapshotId>(row, 3), {}};
    if (!row.is_null(4)) disk.last_active = id_column<SnapshotId>(row, 4);
    if (disk.seal() != row.number(5))
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: the row of disk '{}' does not match its checksum", disk.disk));
    return disk;
}

}  // namespace

std::uint64_t DiskRow::seal() const {
    return Seal("disk")
        .add(std::string_view(disk))
        .add(snapshots)
        .add(snapshots_sum)
        .add(last.view())
        .add(last_active.view())
        .value();
}

std::vector<DiskRow> read_disks(SqliteDatabase& database, const CatalogState& state) {
    SqliteQuery rows =
        database.query("SELECT disk, snapshots, snapshots_sum, last, last_active, seal FROM disks ORDER BY disk");
    std::vector<DiskRow> disks;
    std::uint64_t sum = 0;
    while (rows.step()) {
        disks.push_back(parse_disk(rows));
        sum += disks.back().seal();
    }
    if (sum != state.disks_sum)
        throw Error(ErrorCode::catalog_damaged, "the catalog is damaged: rows of disks are missing");
    return disks;
}

std::optional<DiskRow> find_disk(SqliteDatabase& database, const CatalogState& state, const std::string& disk) {
    {
        SqliteQuery row = database.query(
            "SELECT disk, snapshots, snapshots_sum, last, last_active, seal FROM disks WHERE disk = ?", disk);
        if (row.step()) return parse_disk(row);
    }
    for (const DiskRow& row : read_disks(database, state))
        if (row.disk == disk)
            throw Error(ErrorCode::catalog_damaged,
                        fmt::format("the catalog is damaged: its index lacks disk '{}'", disk));
    return std::nullopt;
}

void replace_disk(SqliteDatabase& database, CatalogState& state, const std::optional<DiskRow>& before,
                  const DiskRow& after) {
    if (before) state.disks_sum -= before->seal();
    if (after.snapshots == 0) {
        database.run("DELETE FROM disks WHERE disk = ?", after.disk);
        return;
    }
    std::optional<std::string> last_active;
    if (!after.last_active.is_none()) last_active = after.last_active.hex();
    database.run("INSERT OR REPLACE INTO disks VALUES (?, ?, ?, ?, ?, ?)", after.disk, after.snapshots,
                 after.snapshots_sum, after.last.hex(), last_active, after.seal());
    state.disks_sum += after.seal();
}

}  // namespace varve
