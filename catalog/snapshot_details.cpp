#include "catalog/snapshot_details.h"

#include <fmt/format.h>

#include "catalog/row_text.h"

namespace varve {
namespace {

void insert_tags(SqliteDatabase& database, const std::string& id, const std::map<std::string, std::string>& tags) {
    for (const auto& [name, value] : tags) database.run("INSERT INTO tags VALUES (?, ?, ?)", id, name, value);
}

}  // namespace

template <typename... Values>
SnapshotDetails SnapshotDetails::read(SqliteDatabase& database, std::string_view condition, const Values&... values) {
    SnapshotDetails details;
    const auto for_each = [&](std::string_view select, std::string_view order, const auto& take) {
        SqliteQuery rows = database.query(fmt::format("{} {} {}", select, condition, order), values...);
        while (rows.step()) take(details.by_snapshot_[std::string(rows.text(0))], rows);
    };
    for_each("SELECT snapshot, name, value FROM source_options", "",
             [](Details& to, const SqliteQuery& row) { to.options.emplace(row.text(1), row.text(2)); });
    for_each("SELECT snapshot, name, value FROM tags", "",
             [](Details& to, const SqliteQuery& row) { to.tags.emplace(row.text(1), row.text(2)); });
    for_each("SELECT snapshot, name, pack, slot, bytes FROM attachments", "ORDER BY snapshot, position",
             [](Details& to, const SqliteQuery& row) {
                 const ChunkAddress address{id_column<PackId>(row, 2), static_cast<std::uint32_t>(row.integer(3))};
                 to.attachments.push_back({std::string(row.text(1)), address, row.number(4)});
             });
    for_each("SELECT snapshot, begin, length FROM unreadable", "ORDER BY snapshot, position",
             [](Details& to, const SqliteQuery& row) {
                 to.unreadable.push_back({{row.number(1)}, {row.number(2)}});
             });
    return details;
}

SnapshotDetails SnapshotDetails::of_all(SqliteDatabase& database) { return read(database, ""); }

SnapshotDetails SnapshotDetails::of_disk(SqliteDatabase& database, const std::string& disk) {
    return read(database, "WHERE snapshot IN (SELECT id FROM snapshots WHERE disk = ?)", disk);
}

SnapshotDetails SnapshotDetails::of_snapshot(SqliteDatabase& database, const std::string& id) {
    return read(database, "WHERE snapshot = ?", id);
}

void SnapshotDetails::move_into(SnapshotRecord& record, const std::string& id) {
    const auto found = by_snapshot_.find(id);
    if (found == by_snapshot_.end()) return;
    record.source.options = std::move(found->second.options);
    record.tags = std::move(found->second.tags);
    record.attachments = std::move(found->second.attachments);
    record.unreadable = std::move(found->second.unreadable);
}

void insert_details(SqliteDatabase& database, const SnapshotRecord& record, const std::string& id) {
    insert_tags(database, id, record.tags);
    for (const auto& [name, value] : record.source.options)
        database.run("INSERT INTO source_options VALUES (?, ?, ?)", id, name, value);
    for (std::size_t i = 0; i < record.attachments.size(); ++i) {
        const Attachment& a = record.attachments[i];
        database.run("INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?)", id, i, a.name, a.address.pack.hex(),
                     a.address.slot, a.bytes);
    }
    for (std::size_t i = 0; i < record.unreadable.size(); ++i)
        database.run("INSERT INTO unreadable VALUES (?, ?, ?, ?)", id, i, record.unreadable[i].begin.value,
                     record.unreadable[i].length.value);
}

void replace_tags(SqliteDatabase& database, const std::string& id, const std::map<std::string, std::string>& tags) {
    database.run("DELETE FROM tags WHERE snapshot = ?", id);
    insert_tags(database, id, tags);
}

}  // namespace varve
