#include "cli/render/render_backup.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/options/read_errors.h"
#include "cli/render/render_snapshot.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"
#include "engine/backup/change_audit.h"
#include "engine/base/escape.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

constexpr std::size_t lines_max = 5;

std::string one_line(const SnapshotRecord& r) {
    return fmt::format("{}: {} changed, {} stored{}\n", title_of(r), human_size({r.statistics.bytes_changed}),
                       human_size({r.statistics.bytes_stored}),
                       r.unreadable.empty() ? "" : "; " + unreadable_text(r.unreadable));
}

/// The internal snapshot that was read, if any.
std::string source_snapshot_text(const SnapshotRecord& r) {
    if (r.source.snapshot.empty()) return "";
    return fmt::format("  from the internal snapshot '{}'\n", escape_for_display(r.source.snapshot));
}

/// What was read only to verify the change source, and how reliable that is.
std::string audit_text(const BackupStatistics& s) {
    if (s.bytes_audited == 0) return "";
    const std::uint64_t chunks = divide_up(s.bytes_audited, chunk_bytes);
    return fmt::format("  audited {} reported as unchanged: this finds 1 % wrong chunks in {:.0f} % of runs\n",
                       counted(chunks, "chunk"), 100 * audit_promise(chunks, 0.01));
}

/// ", 120.0 MiB/s"; empty for what took no measurable time.
std::string rate_text(ByteCount bytes, std::uint64_t duration_ns) {
    const double seconds = static_cast<double>(duration_ns) / 1e9;
    if (seconds < 0.05) return "";
    return fmt::format(", {}/s", human_size({static_cast<std::uint64_t>(static_cast<double>(bytes.value) / seconds)}));
}

std::string full_text(const SnapshotRecord& r) {
    const BackupStatistics& s = r.statistics;
    return fmt::format(
        "backed up {}\n{}"
        "  read {} of {} in {}{} ({})\n"
        "  changed {}: {} new, {} reused\n"
        "  stored {}\n{}{}",
        title_of(r), source_snapshot_text(r), human_size({s.bytes_scanned}), human_size(r.size),
        human_seconds(static_cast<double>(s.duration_ns) / 1e9), rate_text({s.bytes_scanned}, s.duration_ns),
        safe_sentence(to_text(r.change_detection)), human_size({s.bytes_changed}), counted(s.chunks_new, "chunk"),
        s.chunks_reused, human_size({s.bytes_stored}), audit_text(s),
        r.unreadable.empty() ? "" : fmt::format("  {}\n", unreadable_text(r.unreadable)));
}

std::string skipped_text(const BackupReport& report) {
    if (report.skipped.empty()) return "";
    return fmt::format("{} skipped: already in the repository\n", counted(report.skipped.size(), "internal snapshot"));
}

std::string totals_text(const BackupReport& report) {
    ByteCount changed;
    ByteCount stored;
    ByteCount read;
    std::uint64_t duration_ns = 0;
    for (const SnapshotRecord& r : report.snapshots) {
        changed += {r.statistics.bytes_changed};
        stored += {r.statistics.bytes_stored};
        read += {r.statistics.bytes_scanned};
        duration_ns += r.statistics.duration_ns;
    }
    const bool are_disks = report.skipped.empty() && std::ranges::all_of(report.snapshots, [](const SnapshotRecord& r) {
                               return r.source.snapshot.empty();
                           });
    return fmt::format("{} backed up, {} failed: read {} in {}{}; {} changed, {} stored\n",
                       counted(report.snapshots.size(), are_disks ? "disk" : "state"), report.failed.size(),
                       human_size(read), human_seconds(static_cast<double>(duration_ns) / 1e9),
                       rate_text(read, duration_ns), human_size(changed), human_size(stored));
}

/// "a, b, c and 4 more"
std::string names_text(std::span<const std::string> names) {
    constexpr std::size_t names_max = 8;
    const auto shown = names.first(std::min(names.size(), names_max));
    return fmt::format("{}{}", fmt::join(shown, ", "),
                       names.size() > names_max ? fmt::format(" and {} more", names.size() - names_max) : "");
}

Json skipped_json(const SkippedSnapshot& skipped) {
    Json json;
    json["source"] = skipped.source;
    json["internal_snapshot"] = skipped.facts.name;
    json["internal_snapshot_id"] = skipped.facts.id;
    json["time"] = format_utc(skipped.facts.time_ns);
    json["snapshot"] = skipped.snapshot.hex();
    return json;
}

}  // namespace

std::string backup_text(const BackupReport& report) {
    const std::size_t sources = report.snapshots.size() + report.failed.size();
    if (report.snapshots.empty() && (sources == 1 || report.is_stopped)) return "";
    if (sources == 1) return full_text(report.snapshots[0]) + skipped_text(report);
    std::string out;
    if (report.snapshots.size() < lines_max) {
        for (const SnapshotRecord& r : report.snapshots) out += one_line(r);
    }
    return out + totals_text(report) + skipped_text(report);
}

std::string stopped_text(const BackupReport& report) {
    std::vector<std::string> done;
    for (const SnapshotRecord& r : report.snapshots)
        if (std::ranges::find(report.not_backed_up, r.disk) == report.not_backed_up.end() &&
            std::ranges::find(done, r.disk) == done.end())
            done.push_back(r.disk);
    const std::size_t failed = report.failed.size();
    const std::size_t all = done.size() + report.not_backed_up.size() + failed;
    const std::string left =
        fmt::format("{} {} not", names_text(report.not_backed_up), report.not_backed_up.size() == 1 ? "was" : "were");
    const auto kept = static_cast<std::size_t>(
        std::ranges::count_if(report.snapshots, [](const SnapshotRecord& r) { return !is_active_state(r); }));
    const std::string states = kept == 0 ? "" : fmt::format("; {} kept", counted(kept, "internal snapshot"));
    if (all == 1) return fmt::format("stopped: {} backed up{}", left, states);
    return fmt::format("stopped: {} of {} disks backed up{}{}; {}{}", done.size(), all,
                       done.empty() ? "" : fmt::format(" ({})", names_text(done)),
                       failed == 0 ? "" : fmt::format(", {} failed", failed), left, states);
}

Json backup_json(const BackupReport& report) {
    Json json;
    json["snapshots"] = Json::array();
    for (const SnapshotRecord& r : report.snapshots) json["snapshots"].push_back(backed_up_json(r));
    json["skipped"] = Json::array();
    for (const SkippedSnapshot& s : report.skipped) json["skipped"].push_back(skipped_json(s));
    json["failed"] = failed_json(report.failed);
    json["stopped"] = report.is_stopped;
    json["not_backed_up"] = report.not_backed_up;
    json["dry_run"] = false;
    if (report.is_stopped) json["error"] = error_json(Error(ErrorCode::cancelled, stopped_text(report)));
    return json;
}

Json failed_json(std::span<const FailedSource> failed) {
    Json json = Json::array();
    for (const FailedSource& f : failed) {
        Json one;
        one["source"] = f.source;
        one["error"] = error_json(Error(f.code, f.message));
        json.push_back(std::move(one));
    }
    return json;
}

}  // namespace varve
