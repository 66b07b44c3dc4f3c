#pragma once
/// What snapshots have in tables of their own: source options, tags, attachments, and ranges that could not be read.
/// Read for one snapshot or for many at once, with one query a table. All calls run within the caller's transaction.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/sqlite.h"
#include "engine/repository/log_entry.h"

namespace varve {

class SnapshotDetails {
public:
    static SnapshotDetails of_all(SqliteDatabase& database);
    static SnapshotDetails of_disk(SqliteDatabase& database, const std::string& disk);
    /// `id` in hex digits.
    static SnapshotDetails of_snapshot(SqliteDatabase& database, const std::string& id);

    /// Moves those of snapshot `id` (in hex digits) into its record. Once per snapshot.
    void move_into(SnapshotRecord& record, const std::string& id);

private:
    struct Details {
        std::map<std::string, std::string> options;
        std::map<std::string, std::string> tags;
        std::vector<Attachment> attachments;
        std::vector<ByteRange> unreadable;
    };
    template <typename... Values>
    static SnapshotDetails read(SqliteDatabase& database, std::string_view condition, const Values&... values);

    std::unordered_map<std::string, Details> by_snapshot_;
};

/// Enters the details of the snapshot with this id (in hex digits).
void insert_details(SqliteDatabase& database, const SnapshotRecord& record, const std::string& id);

/// Replaces the tags of the snapshot with this id (in hex digits).
void replace_tags(SqliteDatabase& database, const std::string& id, const std::map<std::string, std::string>& tags);

}  // namespace varve
