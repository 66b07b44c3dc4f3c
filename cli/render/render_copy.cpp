#include "cli/render/render_copy.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/render/render_snapshot.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/human_size.h"
#include "engine/base/check.h"

namespace varve {
namespace {

/// More are only counted.
constexpr std::size_t copy_lines_max = 10;

std::size_t copies_with(const CopyReport& report, CopyOutcome outcome) {
    return static_cast<std::size_t>(std::ranges::count(report.snapshots, outcome, &SnapshotCopy::outcome));
}

std::string_view copy_action_of(CopyOutcome outcome) {
    switch (outcome) {
        case CopyOutcome::copied:
            return "copy";
        case CopyOutcome::tagged:
            return "tag";
        case CopyOutcome::present:
            return "present";
        case CopyOutcome::failed:
            return "fail";
        case CopyOutcome::left:
            return "left";
    }
    VARVE_CHECK(false);
    return "";
}

std::uint64_t bytes_added(const CopyReport& report) {
    std::uint64_t bytes = 0;
    for (const SnapshotCopy& row : report.snapshots) bytes += row.statistics.bytes_stored;
    return bytes;
}

std::string line_of(const SnapshotCopy& row, CopyMode mode) {
    const std::string title = title_of(row.original.record);
    const bool is_preview = mode == CopyMode::preview;
    if (row.outcome == CopyOutcome::tagged)
        return fmt::format("{} {}: {}\n", is_preview ? "would tag" : "tagged", title,
                           pairs_text(row.original.record.tags));
    if (row.outcome != CopyOutcome::copied) return "";
    if (is_preview) return fmt::format("would copy {}\n", title);
    return fmt::format("copied {}: {} changed, {} stored\n", title, human_size({row.statistics.bytes_changed}),
                       human_size({row.statistics.bytes_stored}));
}

std::string copy_lines(const CopyReport& report, CopyMode mode) {
    const std::size_t count = copies_with(report, CopyOutcome::copied) + copies_with(report, CopyOutcome::tagged);
    std::string out;
    if (count > copy_lines_max) return out;
    for (const SnapshotCopy& row : report.snapshots) out += line_of(row, mode);
    return out;
}

std::string copy_totals(const CopyReport& report, CopyMode mode) {
    const bool is_preview = mode == CopyMode::preview;
    const std::string copied = counted(copies_with(report, CopyOutcome::copied), "snapshot");
    std::string out = is_preview ? fmt::format("would copy {}", copied)
                                 : fmt::format("{} copied, {} stored", copied, human_size({bytes_added(report)}));
    if (const std::size_t tagged = copies_with(report, CopyOutcome::tagged); tagged != 0)
        out += fmt::format("; {} {} tagged", human_count(tagged),
                           is_preview ? "would be" : (tagged == 1 ? "was" : "were"));
    if (const std::size_t present = copies_with(report, CopyOutcome::present); present != 0)
        out += fmt::format("; {} {} there already", human_count(present), present == 1 ? "is" : "are");
    if (const std::size_t failed = copies_with(report, CopyOutcome::failed); failed != 0)
        out += fmt::format("; {} failed", human_count(failed));
    return out + "\n";
}

Json copy_row_json(const SnapshotCopy& row) {
    Json json = snapshot_json(row.original.record);
    json["action"] = copy_action_of(row.outcome);
    json["bytes_changed"] = row.statistics.bytes_changed;
    json["bytes_stored"] = row.statistics.bytes_stored;
    return json;
}

}  // namespace

std::string copy_text(const CopyReport& report, CopyMode mode) {
    if (report.snapshots.empty()) return "nothing to copy: no snapshots\n";
    const std::size_t present = copies_with(report, CopyOutcome::present);
    if (present == report.snapshots.size())
        return fmt::format("nothing to copy: {} {} there already\n", counted(present, "snapshot"),
                           present == 1 ? "is" : "are");
    return copy_lines(report, mode) + (report.is_stopped ? "" : copy_totals(report, mode));
}

std::string copy_stopped_text(const CopyReport& report) {
    const std::size_t left = copies_with(report, CopyOutcome::left);
    return fmt::format("stopped: {} copied, {} left; the next copy goes on there",
                       counted(copies_with(report, CopyOutcome::copied), "snapshot"), human_count(left));
}

Json copy_json(const CopyReport& report, CopyMode mode) {
    Json json;
    json["snapshots"] = Json::array();
    json["failed"] = Json::array();
    for (const SnapshotCopy& row : report.snapshots) {
        json["snapshots"].push_back(copy_row_json(row));
        if (!row.error) continue;
        Json one;
        one["snapshot"] = row.original.record.id.hex();
        one["disk"] = row.original.record.disk;
        one["error"] = error_json(*row.error);
        json["failed"].push_back(std::move(one));
    }
    json["copied_count"] = copies_with(report, CopyOutcome::copied);
    json["tagged_count"] = copies_with(report, CopyOutcome::tagged);
    json["present_count"] = copies_with(report, CopyOutcome::present);
    json["bytes_stored"] = bytes_added(report);
    json["stopped"] = report.is_stopped;
    json["dry_run"] = mode == CopyMode::preview;
    if (report.is_stopped) json["error"] = error_json(Error(ErrorCode::cancelled, copy_stopped_text(report)));
    return json;
}

}  // namespace varve
