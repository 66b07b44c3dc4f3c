#include "catalog/snapshot_rows.h"

#include <map>

#include <fmt/format.h>

#include "catalog/row_text.h"
#include "catalog/seal.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

constexpr std::string_view snapshot_columns =
    "id, parent, disk, time_ns, size, root, map_digest, map_pack, map_slot, source_path, source_format, "
    "source_snapshot, source_state, group_name, change_source, "
    "change_token, bytes_scanned, bytes_audited, bytes_changed, bytes_stored, chunks_new, chunks_reused, duration_ns, "
    "entry, position, seal";
constexpr int seal_column = 25;

void add_map(Seal& seal, const std::map<std::string, std::string>& map) {
    seal.add(map.size());
    for (const auto& [name, value] : map) seal.add(std::string_view(name)).add(std::string_view(value));
}

std::uint64_t seal_of_snapshot(const ListedSnapshot& listed) {
    const SnapshotRecord& r = listed.record;
    Seal seal("snapshot");
    seal.add(r.id.view()).add(r.parent.view()).add(std::string_view(r.disk)).add(r.time).add(r.size.value);
    seal.add(r.root.view()).add(r.map_digest.view()).add(r.map.pack.view()).add(r.map.slot);
    seal.add(std::string_view(r.source.path))
        .add(std::string_view(r.source.format))
        .add(std::string_view(r.source.snapshot))
        .add(std::string_view(r.source.state));
    seal.add(std::string_view(r.group));
    add_map(seal, r.source.options);
    seal.add(std::string_view(to_text(r.change_detection))).add(ByteView(r.change_token));
    add_map(seal, r.tags);
    const BackupStatistics& s = r.statistics;
    seal.add(s.bytes_scanned).add(s.bytes_audited).add(s.bytes_changed).add(s.bytes_stored);
    seal.add(s.chunks_new).add(s.chunks_reused).add(s.duration_ns).add(r.attachments.size());
    for (const Attachment& a : r.attachments)
        seal.add(std::string_view(a.name)).add(a.address.pack.view()).add(a.address.slot).add(a.bytes);
    seal.add(r.unreadable.size());
    for (const ByteRange& range : r.unreadable) seal.add(range.begin.value).add(range.length.value);
    return seal.add(listed.commit).add(listed.position).value();
}

/// A disk's row: how many snapshots it has and the wrapping sum of their seals.
struct DiskRow {
    std::string disk;
    std::uint64_t snapshots = 0;
    std::uint64_t snapshots_sum = 0;

    std::uint64_t seal() const {
        return Seal("disk").add(std::string_view(disk)).add(snapshots).add(snapshots_sum).value();
    }
};

/// By name. Throws unless all are present.
std::vector<DiskRow> read_disks(SqliteDatabase& database, const CatalogState& state) {
    SqliteQuery rows = database.query("SELECT disk, snapshots, snapshots_sum, seal FROM disks ORDER BY disk");
    std::vector<DiskRow> disks;
    std::uint64_t sum = 0;
    while (rows.step()) {
        disks.push_back({std::string(rows.text(0)), rows.number(1), rows.number(2)});
        if (disks.back().seal() != rows.number(3))
            throw Error(ErrorCode::catalog_damaged,
                        fmt::format("the catalog is damaged: the row of disk '{}' does not match its checksum",
                                    disks.back().disk));
        sum += rows.number(3);
    }
    if (sum != state.disks_sum)
        throw Error(ErrorCode::catalog_damaged, "the catalog is damaged: rows of disks are missing");
    return disks;
}

/// Adds a snapshot to the count in its disk's row (or removes it, with `by` −1).
void count_snapshot(SqliteDatabase& database, CatalogState& state, const std::string& disk, std::uint64_t seal,
                    std::int64_t by) {
    DiskRow row{disk, 0, 0};
    {
        SqliteQuery found = database.query("SELECT snapshots, snapshots_sum FROM disks WHERE disk = ?", disk);
        if (found.step()) {
            row.snapshots = found.number(0);
            row.snapshots_sum = found.number(1);
            state.disks_sum -= row.seal();
        }
    }
    row.snapshots += static_cast<std::uint64_t>(by);
    row.snapshots_sum += by > 0 ? seal : -seal;
    if (row.snapshots == 0) {
        database.run("DELETE FROM disks WHERE disk = ?", disk);
        return;
    }
    database.run("INSERT OR REPLACE INTO disks VALUES (?, ?, ?, ?)", disk, row.snapshots, row.snapshots_sum,
                 row.seal());
    state.disks_sum += row.seal();
}

std::map<std::string, std::string> read_map(SqliteDatabase& database, std::string_view select,
                                            const std::string& snapshot) {
    SqliteQuery rows = database.query(select, snapshot);
    std::map<std::string, std::string> map;
    while (rows.step()) map.emplace(rows.text(0), rows.text(1));
    return map;
}

std::vector<Attachment> read_attachments(SqliteDatabase& database, const std::string& snapshot) {
    SqliteQuery rows = database.query(
        "SELECT name, pack, slot, bytes FROM attachments WHERE snapshot = ? ORDER BY position", snapshot);
    std::vector<Attachment> attachments;
    while (rows.step())
        attachments.push_back({std::string(rows.text(0)),
                               {id_column<PackId>(rows, 1), static_cast<std::uint32_t>(rows.integer(2))},
                               rows.number(3)});
    return attachments;
}

std::vector<ByteRange> read_unreadable(SqliteDatabase& database, const std::string& snapshot) {
    SqliteQuery rows =
        database.query("SELECT begin, length FROM unreadable WHERE snapshot = ? ORDER BY position", snapshot);
    std::vector<ByteRange> ranges;
    while (rows.step()) ranges.push_back({{rows.number(0)}, {rows.number(1)}});
    return ranges;
}

ListedSnapshot parse_snapshot(SqliteDatabase& database, const SqliteQuery& row) {
    ListedSnapshot listed;
    SnapshotRecord& r = listed.record;
    r.id = id_column<SnapshotId>(row, 0);
    if (!row.is_null(1)) r.parent = id_column<SnapshotId>(row, 1);
    r.disk = row.text(2);
    r.time = row.integer(3);
    r.size = {row.number(4)};
    r.root = id_column<Digest>(row, 5);
    r.map_digest = id_column<Digest>(row, 6);
    r.map = {id_column<PackId>(row, 7), static_cast<std::uint32_t>(row.integer(8))};
    r.source.path = row.text(9);
    r.source.format = row.text(10);
    r.source.snapshot = row.text(11);
    r.source.state = row.text(12);
    r.group = row.text(13);
    r.change_detection = parse_change_detection(row.text(14));
    const ByteView token = row.blob(15);
    r.change_token.assign(token.begin(), token.end());
    r.statistics = {row.number(16), row.number(17), row.number(18), row.number(19),
                    row.number(20), row.number(21), row.number(22)};
    listed.commit = row.number(23);
    listed.position = static_cast<std::uint32_t>(row.integer(24));

    const std::string id = r.id.hex();
    r.source.options = read_map(database, "SELECT name, value FROM source_options WHERE snapshot = ?", id);
    r.tags = read_map(database, "SELECT name, value FROM tags WHERE snapshot = ?", id);
    r.attachments = read_attachments(database, id);
    r.unreadable = read_unreadable(database, id);
    if (row.number(seal_column) != seal_of_snapshot(listed))
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: the row of snapshot {} does not match its checksum", id));
    return listed;
}

/// The snapshots of one disk; throws unless they are all present.
void read_disk(SqliteDatabase& database, const DiskRow& disk, std::vector<ListedSnapshot>& to) {
    static const std::string select =
        fmt::format("SELECT {} FROM snapshots WHERE disk = ? ORDER BY time_ns, entry, position", snapshot_columns);
    SqliteQuery rows = database.query(select, disk.disk);
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (; rows.step(); ++count) {
        to.push_back(parse_snapshot(database, rows));
        sum += rows.number(seal_column);
    }
    if (count != disk.snapshots || sum != disk.snapshots_sum)
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: snapshots of disk '{}' are missing", disk.disk));
}

std::optional<ListedSnapshot> find_snapshot(SqliteDatabase& database, const SnapshotId& id) {
    static const std::string select = fmt::format("SELECT {} FROM snapshots WHERE id = ?", snapshot_columns);
    const std::string hex = id.hex();
    SqliteQuery row = database.query(select, hex);
    if (!row.step()) return std::nullopt;
    return parse_snapshot(database, row);
}

/// For an entry that changes a snapshot, a miss in the index on ids is not trusted: the rows are searched as well.
void confirm_absent(SqliteDatabase& database, const SnapshotId& id) {
    const std::string hex = id.hex();
    SqliteQuery row = database.query("SELECT 1 FROM snapshots NOT INDEXED WHERE id = ?", hex);
    if (row.step())
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: its index lacks snapshot {}", hex));
}

void insert_details(SqliteDatabase& database, const SnapshotRecord& r, const std::string& id) {
    for (const auto& [name, value] : r.tags) database.run("INSERT INTO tags VALUES (?, ?, ?)", id, name, value);
    for (const auto& [name, value] : r.source.options)
        database.run("INSERT INTO source_options VALUES (?, ?, ?)", id, name, value);
    for (std::size_t i = 0; i < r.attachments.size(); ++i) {
        const Attachment& a = r.attachments[i];
        database.run("INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?)", id, i, a.name, a.address.pack.hex(),
                     a.address.slot, a.bytes);
    }
    for (std::size_t i = 0; i < r.unreadable.size(); ++i)
        database.run("INSERT INTO unreadable VALUES (?, ?, ?, ?)", id, i, r.unreadable[i].begin.value,
                     r.unreadable[i].length.value);
}

}  // namespace

std::vector<ListedSnapshot> read_snapshots(SqliteDatabase& database, const CatalogState& state,
                                           const std::optional<std::string>& disk) {
    std::vector<ListedSnapshot> result;
    for (const DiskRow& row : read_disks(database, state))
        if (!disk || row.disk == *disk) read_disk(database, row, result);
    return result;
}

void insert_snapshot(SqliteDatabase& database, CatalogState& state, const ListedSnapshot& snapshot) {
    const SnapshotRecord& r = snapshot.record;
    const std::string id = r.id.hex();
    if (find_snapshot(database, r.id))
        throw Error(ErrorCode::corrupt,
                    fmt::format("log entry {} adds snapshot {} a second time", snapshot.commit, id));

    const std::uint64_t seal = seal_of_snapshot(snapshot);
    std::optional<std::string> parent;
    if (!r.parent.is_none()) parent = r.parent.hex();
    const BackupStatistics& s = r.statistics;
    database.run(
        "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?)",
        id, parent, r.disk, format_utc(r.time), r.time, r.size.value, to_hex(r.root.view()),
        to_hex(r.map_digest.view()), r.map.pack.hex(), r.map.slot, r.source.path, r.source.format, r.source.snapshot,
        r.source.state, r.group, to_text(r.change_detection), ByteView(r.change_token), s.bytes_scanned,
        s.bytes_audited, s.bytes_changed, s.bytes_stored, s.chunks_new, s.chunks_reused, s.duration_ns, snapshot.commit,
        snapshot.position, seal);
    insert_details(database, r, id);
    count_snapshot(database, state, r.disk, seal, 1);
}

void remove_snapshot(SqliteDatabase& database, CatalogState& state, const SnapshotId& id) {
    const std::optional<ListedSnapshot> snapshot = find_snapshot(database, id);
    if (!snapshot) return confirm_absent(database, id);
    database.run("DELETE FROM snapshots WHERE id = ?", id.hex());
    count_snapshot(database, state, snapshot->record.disk, seal_of_snapshot(*snapshot), -1);
}

void edit_tags(SqliteDatabase& database, CatalogState& state, const TagEntry& edit) {
    std::optional<ListedSnapshot> snapshot = find_snapshot(database, edit.snapshot);
    if (!snapshot) return confirm_absent(database, edit.snapshot);
    count_snapshot(database, state, snapshot->record.disk, seal_of_snapshot(*snapshot), -1);
    std::map<std::string, std::string>& tags = snapshot->record.tags;
    for (const std::string& name : edit.removed) tags.erase(name);
    for (const auto& [name, value] : edit.added) tags.insert_or_assign(name, value);

    const std::string id = edit.snapshot.hex();
    const std::uint64_t seal = seal_of_snapshot(*snapshot);
    database.run("DELETE FROM tags WHERE snapshot = ?", id);
    for (const auto& [name, value] : tags) database.run("INSERT INTO tags VALUES (?, ?, ?)", id, name, value);
    database.run("UPDATE snapshots SET seal = ? WHERE id = ?", seal, id);
    count_snapshot(database, state, snapshot->record.disk, seal, 1);
}

}  // namespace varve
