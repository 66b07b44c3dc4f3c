#include "catalog/snapshot_rows.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "catalog/disk_row.h"
#include "catalog/row_text.h"
#include "catalog/seal.h"
#include "catalog/snapshot_details.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

constexpr std::string_view snapshot_columns =
    "id, parent, disk, time_ns, size, root, map_digest, map_pack, map_slot, source_path, source_format, "
    "source_snapshot, source_state, group_name, change_source, "
    "change_token, bytes_scanned, bytes_audited, bytes_changed, bytes_stored, chunks_new, chunks_reused, duration_ns, "
    "entry, position, previous, seal, (SELECT host FROM log WHERE number = entry)";
constexpr int seal_column = 26;

struct SnapshotRow {
    ListedSnapshot snapshot;
    SnapshotId previous;  ///< the disk's snapshot before this one in the order of the log; none() for the first

    std::uint64_t seal() const;
};

void add_map(Seal& seal, const std::map<std::string, std::string>& map) {
    seal.add(map.size());
    for (const auto& [name, value] : map) seal.add(std::string_view(name)).add(std::string_view(value));
}

std::uint64_t SnapshotRow::seal() const {
    const SnapshotRecord& r = snapshot.record;
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
    return seal.add(snapshot.commit).add(snapshot.position).add(previous.view()).value();
}

SnapshotRow parse_snapshot(const SqliteQuery& columns, SnapshotDetails& details) {
    SnapshotRow row;
    ListedSnapshot& listed = row.snapshot;
    SnapshotRecord& r = listed.record;
    r.id = id_column<SnapshotId>(columns, 0);
    if (!columns.is_null(1)) r.parent = id_column<SnapshotId>(columns, 1);
    r.disk = columns.text(2);
    r.time = columns.integer(3);
    r.size = {columns.number(4)};
    r.root = id_column<Digest>(columns, 5);
    r.map_digest = id_column<Digest>(columns, 6);
    r.map = {id_column<PackId>(columns, 7), static_cast<std::uint32_t>(columns.integer(8))};
    r.source.path = columns.text(9);
    r.source.format = columns.text(10);
    r.source.snapshot = columns.text(11);
    r.source.state = columns.text(12);
    r.group = columns.text(13);
    r.change_detection = parse_change_detection(columns.text(14));
    const ByteView token = columns.blob(15);
    r.change_token.assign(token.begin(), token.end());
    r.statistics = {columns.number(16), columns.number(17), columns.number(18), columns.number(19),
                    columns.number(20), columns.number(21), columns.number(22)};
    listed.commit = columns.number(23);
    listed.position = static_cast<std::uint32_t>(columns.integer(24));
    if (!columns.is_null(25)) row.previous = id_column<SnapshotId>(columns, 25);
    if (!columns.is_null(27)) listed.host = columns.text(27);  // not sealed: for people only

    details.move_into(r, std::string(columns.text(0)));
    if (columns.number(seal_column) != row.seal())
        throw Error(
            ErrorCode::catalog_damaged,
            fmt::format("the catalog is damaged: the row of snapshot {} does not match its checksum", r.id.hex()));
    return row;
}

/// The snapshots of one disk; throws unless they are all present.
void read_disk(SqliteDatabase& database, const DiskRow& disk, SnapshotDetails& details,
               std::vector<ListedSnapshot>& to) {
    static const std::string select =
        fmt::format("SELECT {} FROM snapshots WHERE disk = ? ORDER BY time_ns, entry, position", snapshot_columns);
    SqliteQuery rows = database.query(select, disk.disk);
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (; rows.step(); ++count) {
        to.push_back(parse_snapshot(rows, details).snapshot);
        sum += rows.number(seal_column);
    }
    if (count != disk.snapshots || sum != disk.snapshots_sum)
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: snapshots of disk '{}' are missing", disk.disk));
}

std::optional<SnapshotRow> find_row(SqliteDatabase& database, const SnapshotId& id) {
    static const std::string select = fmt::format("SELECT {} FROM snapshots WHERE id = ?", snapshot_columns);
    const std::string hex = id.hex();
    SnapshotDetails details = SnapshotDetails::of_snapshot(database, hex);
    SqliteQuery row = database.query(select, hex);
    if (!row.step()) return std::nullopt;
    return parse_snapshot(row, details);
}

/// The row that a sealed row names.
SnapshotRow linked_row(SqliteDatabase& database, const SnapshotId& id) {
    if (auto row = find_row(database, id)) return *std::move(row);
    throw Error(ErrorCode::catalog_damaged, fmt::format("the catalog is damaged: snapshot {} is missing", id.hex()));
}

/// For an entry that changes a snapshot, a miss in the index on ids is not trusted: the rows are searched as well.
void confirm_absent(SqliteDatabase& database, const SnapshotId& id) {
    const std::string hex = id.hex();
    SqliteQuery row = database.query("SELECT 1 FROM snapshots NOT INDEXED WHERE id = ?", hex);
    if (row.step())
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: its index lacks snapshot {}", hex));
}

DiskRow disk_of(SqliteDatabase& database, const CatalogState& state, const SnapshotRow& row) {
    if (auto disk = find_disk(database, state, row.snapshot.record.disk)) return *std::move(disk);
    throw Error(ErrorCode::catalog_damaged,
                fmt::format("the catalog is damaged: disk '{}' is missing", row.snapshot.record.disk));
}

/// Writes the seal of a row that changed, and the link in it, and counts it in its disk.
void reseal(SqliteDatabase& database, DiskRow& disk, const SnapshotRow& row, std::uint64_t seal_before) {
    std::optional<std::string> previous;
    if (!row.previous.is_none()) previous = row.previous.hex();
    database.run("UPDATE snapshots SET previous = ?, seal = ? WHERE id = ?", previous, row.seal(),
                 row.snapshot.record.id.hex());
    disk.snapshots_sum += row.seal() - seal_before;
}

/// Links the snapshot after `removed` in its disk's history to the one before it.
void link_over(SqliteDatabase& database, DiskRow& disk, const SnapshotRow& removed) {
    const SnapshotId& id = removed.snapshot.record.id;
    if (disk.last == id) {
        disk.last = removed.previous;
        return;
    }
    std::optional<SnapshotId> next;
    {
        const std::string hex = id.hex();
        SqliteQuery found = database.query("SELECT id FROM snapshots WHERE previous = ?", hex);
        if (found.step()) next = id_column<SnapshotId>(found, 0);
    }
    std::optional<SnapshotRow> row = next ? find_row(database, *next) : std::nullopt;
    if (!row || row->previous != id)
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: its index lacks the snapshot after {}", id.hex()));
    const std::uint64_t before = row->seal();
    row->previous = removed.previous;
    reseal(database, disk, *row, before);
}

/// The last active state from `id` backwards; none() when there is none.
SnapshotId last_active_from(SqliteDatabase& database, SnapshotId id) {
    while (!id.is_none()) {
        const SnapshotRow row = linked_row(database, id);
        if (is_active_state(row.snapshot.record)) break;
        id = row.previous;
    }
    return id;
}

}  // namespace

std::vector<ListedSnapshot> read_snapshots(SqliteDatabase& database, const CatalogState& state,
                                           const std::optional<std::string>& disk) {
    std::vector<ListedSnapshot> result;
    if (disk) {
        const std::optional<DiskRow> row = find_disk(database, state, *disk);
        if (!row) return result;
        SnapshotDetails details = SnapshotDetails::of_disk(database, *disk);
        read_disk(database, *row, details, result);
        return result;
    }
    SnapshotDetails details = SnapshotDetails::of_all(database);
    for (const DiskRow& row : read_disks(database, state)) read_disk(database, row, details, result);
    return result;
}

std::vector<ListedSnapshot> read_last_snapshots(SqliteDatabase& database, const CatalogState& state,
                                                const std::string& disk, std::size_t count) {
    std::vector<ListedSnapshot> result;
    const std::optional<DiskRow> row = find_disk(database, state, disk);
    if (!row) return result;
    bool has_active = row->last_active.is_none();
    for (SnapshotId id = row->last; !id.is_none() && result.size() < count;) {
        SnapshotRow found = linked_row(database, id);
        has_active = has_active || id == row->last_active;
        id = found.previous;
        result.push_back(std::move(found.snapshot));
    }
    if (!has_active) result.push_back(linked_row(database, row->last_active).snapshot);
    std::ranges::reverse(result);
    return result;
}

std::vector<ListedSnapshot> read_snapshots_by_prefix(SqliteDatabase& database, const CatalogState& state,
                                                     const std::string& prefix) {
    std::vector<SnapshotId> ids;
    {
        const std::string end = prefix + "g";  // after all that begin with `prefix`: no hex digit is greater
        SqliteQuery rows = database.query("SELECT id FROM snapshots WHERE id >= ? AND id < ?", prefix, end);
        while (rows.step()) ids.push_back(id_column<SnapshotId>(rows, 0));
    }
    std::vector<ListedSnapshot> result;
    result.reserve(ids.size());
    for (const SnapshotId& id : ids) result.push_back(linked_row(database, id).snapshot);
    if (!result.empty()) return result;
    for (ListedSnapshot& snapshot : read_snapshots(database, state, std::nullopt))
        if (snapshot.record.id.hex().starts_with(prefix)) result.push_back(std::move(snapshot));
    return result;
}

void insert_snapshot(SqliteDatabase& database, CatalogState& state, const ListedSnapshot& snapshot) {
    const SnapshotRecord& r = snapshot.record;
    const std::string id = r.id.hex();
    if (find_row(database, r.id))
        throw Error(ErrorCode::corrupt,
                    fmt::format("log entry {} adds snapshot {} a second time", snapshot.commit, id));

    const std::optional<DiskRow> before = find_disk(database, state, r.disk);
    DiskRow disk;
    disk.disk = r.disk;
    if (before) disk = *before;
    const SnapshotRow row{snapshot, disk.last};
    std::optional<std::string> parent;
    std::optional<std::string> previous;
    if (!r.parent.is_none()) parent = r.parent.hex();
    if (!row.previous.is_none()) previous = row.previous.hex();
    const BackupStatistics& s = r.statistics;
    database.run(
        "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?)",
        id, parent, r.disk, format_utc(r.time), r.time, r.size.value, to_hex(r.root.view()),
        to_hex(r.map_digest.view()), r.map.pack.hex(), r.map.slot, r.source.path, r.source.format, r.source.snapshot,
        r.source.state, r.group, to_text(r.change_detection), ByteView(r.change_token), s.bytes_scanned,
        s.bytes_audited, s.bytes_changed, s.bytes_stored, s.chunks_new, s.chunks_reused, s.duration_ns, snapshot.commit,
        snapshot.position, previous, row.seal());
    insert_details(database, r, id);
    ++disk.snapshots;
    disk.snapshots_sum += row.seal();
    disk.last = r.id;
    if (is_active_state(r)) disk.last_active = r.id;
    replace_disk(database, state, before, disk);
}

void remove_snapshot(SqliteDatabase& database, CatalogState& state, const SnapshotId& id) {
    const std::optional<SnapshotRow> row = find_row(database, id);
    if (!row) return confirm_absent(database, id);
    const DiskRow before = disk_of(database, state, *row);
    DiskRow disk = before;
    link_over(database, disk, *row);
    if (disk.last_active == id) disk.last_active = last_active_from(database, row->previous);
    database.run("DELETE FROM snapshots WHERE id = ?", id.hex());
    --disk.snapshots;
    disk.snapshots_sum -= row->seal();
    replace_disk(database, state, before, disk);
}

void edit_tags(SqliteDatabase& database, CatalogState& state, const TagEntry& edit) {
    std::optional<SnapshotRow> row = find_row(database, edit.snapshot);
    if (!row) return confirm_absent(database, edit.snapshot);
    const DiskRow before = disk_of(database, state, *row);
    DiskRow disk = before;
    const std::uint64_t seal_before = row->seal();
    std::map<std::string, std::string>& tags = row->snapshot.record.tags;
    for (const std::string& name : edit.removed) tags.erase(name);
    for (const auto& [name, value] : edit.added) tags.insert_or_assign(name, value);
    replace_tags(database, edit.snapshot.hex(), tags);
    reseal(database, disk, *row, seal_before);
    replace_disk(database, state, before, disk);
}

}  // namespace varve
