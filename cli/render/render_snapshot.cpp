#include "cli/render/render_snapshot.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/options/read_errors.h"
#include "cli/render/row_table.h"
#include "cli/terminal/human_size.h"
#include "engine/base/escape.h"
#include "engine/base/hex.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

/// The keys that every kind of snapshot report begins with.
Json common_json(const SnapshotRecord& r) {
    Json json;
    json["snapshot"] = r.id.hex();
    json["disk"] = r.disk;
    json["time"] = format_utc(r.time);
    json["size"] = r.size.value;
    json["root"] = to_hex(r.root.view());
    json["format"] = r.source.format;
    return json;
}

Json map_json(const std::map<std::string, std::string>& map) {
    Json json = Json::object();
    for (const auto& [key, value] : map) json[key] = value;
    return json;
}

Json attachments_json(const SnapshotRecord& r) {
    Json attachments = Json::array();
    for (const Attachment& a : r.attachments) {
        Json one;
        one["name"] = a.name;
        one["size"] = a.bytes;
        attachments.push_back(std::move(one));
    }
    return attachments;
}

Json statistics_json(const BackupStatistics& s) {
    Json json;
    json["bytes_scanned"] = s.bytes_scanned;
    json["bytes_audited"] = s.bytes_audited;
    json["bytes_changed"] = s.bytes_changed;
    json["bytes_stored"] = s.bytes_stored;
    json["chunks_new"] = s.chunks_new;
    json["chunks_reused"] = s.chunks_reused;
    json["seconds"] = json_seconds(std::chrono::nanoseconds(s.duration_ns));
    return json;
}

std::string exact_size(ByteCount bytes) { return fmt::format("{} ({} bytes)", human_size(bytes), bytes.value); }

/// The full table has whole ids, times with their offset, and more columns.
std::vector<RowColumn<ListRow>> list_columns(bool is_full) {
    using Align = Table::Align;
    const auto record = [](const ListRow& row) -> const SnapshotRecord& { return row.snapshot.record; };
    std::vector<RowColumn<ListRow>> columns{
        {{"SNAPSHOT"}, [=](const ListRow& row) { return is_full ? record(row).id.hex() : short_id(record(row).id); }},
        {{"DISK", Align::left, true}, [=](const ListRow& row) { return escape_for_display(record(row).disk); }},
        {{"GROUP", Align::left, true}, [=](const ListRow& row) { return escape_for_display(record(row).group); }, true},
        {{"TIME"},
         [=](const ListRow& row) {
             const TimeNs time = record(row).time;
             return (is_full ? format_local(time) : short_time(time)) + (row.is_ahead ? "!" : "");
         }},
        {{"SIZE", Align::right}, [=](const ListRow& row) { return human_size(record(row).size); }},
        {{"STORED", Align::right},
         [=](const ListRow& row) { return human_size({record(row).statistics.bytes_stored}); }},
        {{"FROM", Align::left, true},
         [=](const ListRow& row) { return escape_for_display(record(row).source.snapshot); },
         true},
        {{"TAGS", Align::left, true}, [=](const ListRow& row) { return pairs_text(record(row).tags); }, true}};
    if (!is_full) return columns;
    columns.push_back({{"FORMAT"}, [=](const ListRow& row) { return escape_for_display(record(row).source.format); }});
    columns.push_back({{"HOST"}, [](const ListRow& row) { return escape_for_display(row.snapshot.host); }, true});
    return columns;
}

std::string snapshot_line(std::string_view label, std::string_view value) {
    return fmt::format("{:<15} {}\n", label, value);
}

}  // namespace

std::string title_of(const SnapshotRecord& snapshot) {
    return fmt::format("{} of {} ({})", escape_for_display(snapshot.disk), format_local(snapshot.time),
                       short_id(snapshot.id));
}

std::string short_time(TimeNs time) {
    constexpr std::size_t without_offset = 19;
    std::string text = format_local(time).substr(0, without_offset);
    text[10] = ' ';
    return text;
}

std::string pairs_text(const std::map<std::string, std::string>& pairs) {
    std::string out;
    for (const auto& [key, value] : pairs)
        out += fmt::format("{}{}={}", out.empty() ? "" : " ", escape_for_display(key), escape_for_display(value));
    return out;
}

std::string list_text(const std::vector<ListRow>& rows, ListDetail detail) {
    if (rows.empty()) return "no snapshots\n";
    const bool is_full = detail == ListDetail::everything;
    const bool has_ahead = std::any_of(rows.begin(), rows.end(), [](const ListRow& row) { return row.is_ahead; });
    return rows_text(rows, list_columns(is_full), is_full ? Table::unlimited : table_columns_max) +
           (has_ahead ? "! the clock that set this time was ahead\n" : "");
}

Json list_json(const std::vector<ListRow>& rows) {
    Json json;
    json["snapshots"] = Json::array();
    for (const ListRow& row : rows) {
        Json one = snapshot_json(row.snapshot.record);
        one["internal_snapshot"] = text_or_null(row.snapshot.record.source.snapshot);
        one["host"] = text_or_null(row.snapshot.host);
        one["ahead"] = row.is_ahead;
        json["snapshots"].push_back(std::move(one));
    }
    return json;
}

Json snapshot_json(const SnapshotRecord& snapshot) {
    Json json = common_json(snapshot);
    json["group"] = text_or_null(snapshot.group);
    json["tags"] = map_json(snapshot.tags);
    return json;
}

Json backed_up_json(const SnapshotRecord& snapshot) {
    Json json = common_json(snapshot);
    json["group"] = text_or_null(snapshot.group);
    json["attachments"] = attachments_json(snapshot);
    json["internal_snapshot"] = text_or_null(snapshot.source.snapshot);
    json["change_source"] = to_text(snapshot.change_detection);
    json["unreadable"] = unreadable_json(snapshot.unreadable);
    json.update(statistics_json(snapshot.statistics));
    return json;
}

std::string show_text(const ListedSnapshot& snapshot) {
    const SnapshotRecord& r = snapshot.record;
    const BackupStatistics& s = r.statistics;
    std::string out = snapshot_line("snapshot", r.id.hex()) + snapshot_line("disk", escape_for_display(r.disk)) +
                      snapshot_line("time", format_local(r.time)) + snapshot_line("size", exact_size(r.size)) +
                      snapshot_line("root", to_hex(r.root.view())) +
                      snapshot_line("parent", r.parent.is_none() ? "none" : r.parent.hex()) +
                      snapshot_line("log entry", std::to_string(snapshot.commit)) +
                      (snapshot.host.empty() ? "" : snapshot_line("host", escape_for_display(snapshot.host))) +
                      snapshot_line("source", escape_for_display(r.source.path)) +
                      snapshot_line("format", escape_for_display(r.source.format));
    if (!r.source.snapshot.empty())
        out += snapshot_line("read from", "internal snapshot " + escape_for_display(r.source.snapshot));
    if (!r.source.options.empty()) out += snapshot_line("options", pairs_text(r.source.options));
    if (!r.group.empty()) out += snapshot_line("group", escape_for_display(r.group));
    if (!r.tags.empty()) out += snapshot_line("tags", pairs_text(r.tags));
    out += snapshot_line("change source", escape_for_display(to_text(r.change_detection))) +
           snapshot_line("scanned", exact_size({s.bytes_scanned}));
    if (s.bytes_audited != 0) out += snapshot_line("audited", exact_size({s.bytes_audited}));
    out += snapshot_line("changed", exact_size({s.bytes_changed})) +
           snapshot_line("stored", exact_size({s.bytes_stored})) +
           snapshot_line("chunks", fmt::format("{} new, {} reused", s.chunks_new, s.chunks_reused)) +
           snapshot_line("took", human_seconds(static_cast<double>(s.duration_ns) / 1e9));
    for (const ByteRange& range : r.unreadable)
        out += snapshot_line("unreadable",
                             fmt::format("{} bytes at offset {}, zeros here", range.length.value, range.begin.value));
    for (const Attachment& a : r.attachments)
        out += snapshot_line("attachment", fmt::format("{} ({})", escape_for_display(a.name), human_size({a.bytes})));
    return out;
}

Json show_json(const ListedSnapshot& snapshot) {
    const SnapshotRecord& r = snapshot.record;
    Json json = snapshot_json(r);
    json["parent"] = r.parent.is_none() ? Json(nullptr) : Json(r.parent.hex());
    json["log_entry"] = snapshot.commit;
    json["host"] = text_or_null(snapshot.host);
    json["source"] = r.source.path;
    json["internal_snapshot"] = text_or_null(r.source.snapshot);
    json["options"] = map_json(r.source.options);
    json["change_source"] = to_text(r.change_detection);
    json["unreadable"] = unreadable_json(r.unreadable);
    json.update(statistics_json(r.statistics));
    json["attachments"] = attachments_json(r);
    return json;
}

}  // namespace varve
