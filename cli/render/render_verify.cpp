#include "cli/render/render_verify.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "cli/render/render_finding.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"
#include "engine/base/escape.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

constexpr std::size_t findings_shown_max = 3;
constexpr std::size_t nights_shown_max = 10;

std::string night_name(const VerifiedSnapshot& snapshot) {
    return fmt::format("{} of {} ({})", escape_for_display(snapshot.disk), format_local(snapshot.time),
                       short_id(snapshot.id));
}

/// Findings about objects, not about one night.
std::string objects_text(const VerifyReport& report, FindingDetail detail) {
    std::vector<const Finding*> about_objects;
    for (const Finding& finding : report.findings)
        if (finding.snapshot.empty()) about_objects.push_back(&finding);
    const bool shows_all = detail == FindingDetail::everything || about_objects.size() <= findings_shown_max + 1;
    const std::size_t shown = shows_all ? about_objects.size() : findings_shown_max;
    std::string out;
    for (std::size_t i = 0; i < shown; ++i)
        out += fmt::format("{}: {}\n", to_string(about_objects[i]->kind), safe_sentence(about_objects[i]->message));
    if (!shows_all) out += fmt::format("and {} more (--verbose shows all)\n", about_objects.size() - shown);
    return out;
}

/// One line for each damaged night; in detail, followed by one line for each damaged object.
std::string nights_text(const VerifyReport& report, FindingDetail detail) {
    std::map<std::string, std::vector<const Finding*>> by_night;
    for (const Finding& finding : report.findings)
        if (!finding.snapshot.empty()) by_night[finding.snapshot].push_back(&finding);
    std::string out;
    std::size_t lines = 0;
    for (const VerifiedSnapshot& snapshot : report.snapshots) {
        if (snapshot.is_whole) continue;
        if (++lines > nights_shown_max && detail != FindingDetail::everything) continue;
        const auto& findings = by_night[snapshot.id.hex()];
        out += fmt::format("damaged: {}: {}\n", night_name(snapshot), damage_text(findings));
        if (detail != FindingDetail::everything) continue;
        for (const Finding* finding : findings)
            out += fmt::format("  {} at offset {}, {} bytes, {}: {}\n", to_string(finding->kind), finding->offset,
                               finding->length, finding->object, safe_sentence(finding->message));
    }
    if (lines > nights_shown_max && detail != FindingDetail::everything)
        out += fmt::format("and {} (--verbose shows all)\n", counted(lines - nights_shown_max, "more damaged night"));
    return out;
}

/// Of a comparison with an image.
std::string differences_text(const VerifyReport& report, FindingDetail detail) {
    const std::size_t count = report.findings.size();
    const std::size_t shown = detail == FindingDetail::everything ? count : std::min(count, findings_shown_max);
    std::string out;
    for (std::size_t i = 0; i < shown; ++i) {
        const Finding& f = report.findings[i];
        const std::string place =
            f.length == 0 ? "" : fmt::format(" at offset {}, {}", f.offset, human_size({f.length}));
        out += fmt::format("{}{}: {}\n", to_string(f.kind), place, safe_sentence(f.message));
    }
    if (shown < count) out += fmt::format("and {} more (--verbose shows all)\n", count - shown);
    return out;
}

std::size_t whole_count(const VerifyReport& report) {
    return static_cast<std::size_t>(std::count_if(report.snapshots.begin(), report.snapshots.end(),
                                                  [](const VerifiedSnapshot& snapshot) { return snapshot.is_whole; }));
}

std::string outcome_text(const VerifyReport& report) {
    const std::size_t count = report.findings.size();
    if (count != 0) return counted(count, "finding");
    return report.mode == VerifyMode::structure ? "no damage" : "no damage, no difference";
}

std::string checked_text(const VerifyReport& report) {
    if (report.mode == VerifyMode::structure)
        return fmt::format(
            "checked {}, {}, {}, {} and {}: {}\n", counted(report.checked_packs, "pack"),
            counted(report.checked_pages, "map page"), counted(report.checked_slot_tables, "slot table"),
            report.checked_entries == 1 ? "1 log entry" : human_count(report.checked_entries) + " log entries",
            counted(report.checked_checkpoints, "checkpoint"), outcome_text(report));
    return fmt::format("checked {} ({}): {}\n", counted(report.checked_chunks, "chunk"),
                       human_size(report.checked_bytes), outcome_text(report));
}

/// What the run proves: only reading everything proves that a night can be restored.
std::string proof_text(const VerifyReport& report) {
    const std::string whole = human_count(whole_count(report));
    const std::string nights = counted(report.snapshots.size(), "night");
    if (report.mode == VerifyMode::structure)
        return fmt::format("no damage is known in {} of {}; varve verify reads their data\n", whole, nights);
    if (report.is_partial())
        return fmt::format(
            "read {} of {}; the next run with a limit goes on with those verified longest ago\n"
            "no damage is known in {} of {}\n",
            human_count(report.read_packs.size()), counted(report.data_packs, "data pack"), whole, nights);
    return fmt::format("{} of {} can be restored\n", whole, nights);
}

/// What both commands state about the log and the snapshots.
void add_repository_counts(const VerifyReport& report, Json& json) {
    const bool is_repository = report.mode != VerifyMode::against_image;
    json["log_entries_checked"] = is_repository ? Json(report.checked_entries) : Json(nullptr);
    json["snapshots_checked"] = is_repository ? Json(report.snapshots.size()) : Json(nullptr);
    json["snapshots_whole"] = is_repository ? Json(whole_count(report)) : Json(nullptr);
}

}  // namespace

std::string verify_text(const VerifyReport& report, FindingDetail detail) {
    if (report.mode == VerifyMode::against_image) return differences_text(report, detail) + checked_text(report);
    return objects_text(report, detail) + nights_text(report, detail) + checked_text(report) + proof_text(report);
}

Json verify_json(const VerifyReport& report) {
    const bool is_repository = report.mode == VerifyMode::repository;
    Json json;
    json["chunks_checked"] = report.checked_chunks;
    json["bytes_checked"] = report.checked_bytes.value;
    json["data_packs_read"] = is_repository ? Json(report.read_packs.size()) : Json(nullptr);
    json["data_pack_count"] = is_repository ? Json(report.data_packs) : Json(nullptr);
    add_repository_counts(report, json);
    json["findings"] = findings_json(report.findings);
    return json;
}

Json check_json(const VerifyReport& report) {
    Json json;
    json["packs_checked"] = report.checked_packs;
    json["map_pages_checked"] = report.checked_pages;
    json["slot_tables_checked"] = report.checked_slot_tables;
    json["move_tables_checked"] = report.checked_move_tables;
    json["checkpoints_checked"] = report.checked_checkpoints;
    add_repository_counts(report, json);
    json["findings"] = findings_json(report.findings);
    return json;
}

}  // namespace varve
