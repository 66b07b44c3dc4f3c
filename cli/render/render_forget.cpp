#include "cli/render/render_forget.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/render/row_table.h"
#include "cli/terminal/human_size.h"
#include "engine/base/check.h"
#include "engine/base/escape.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

std::size_t rows_with(const ForgetReport& report, Fate fate) {
    return static_cast<std::size_t>(std::ranges::count(report.rows, fate, &ForgetRow::fate));
}

std::string_view action_of(Fate fate) {
    switch (fate) {
        case Fate::kept:
            return "keep";
        case Fate::forgotten:
            return "forget";
        case Fate::gone:
            return "gone";
    }
    VARVE_CHECK(false);
    return "";
}

std::string reasons_text(const std::set<KeepReason>& reasons) {
    std::string out;
    for (const KeepReason reason : reasons) out += fmt::format("{}{}", out.empty() ? "" : ", ", to_text(reason));
    return out;
}

std::vector<RowColumn<ForgetRow>> forget_columns(bool is_full) {
    using Align = Table::Align;
    const auto record = [](const ForgetRow& row) -> const SnapshotRecord& { return row.snapshot.record; };
    return {
        {{"SNAPSHOT"}, [=](const ForgetRow& row) { return is_full ? record(row).id.hex() : short_id(record(row).id); }},
        {{"DISK", Align::left, true}, [=](const ForgetRow& row) { return escape_for_display(record(row).disk); }},
        {{"GROUP", Align::left, true},
         [=](const ForgetRow& row) { return escape_for_display(record(row).group); },
         true},
        {{"TIME"},
         [=](const ForgetRow& row) { return is_full ? format_local(record(row).time) : short_time(record(row).time); }},
        {{"ACTION"}, [](const ForgetRow& row) { return std::string(action_of(row.fate)); }},
        {{"KEPT BY", Align::left, true}, [](const ForgetRow& row) { return reasons_text(row.kept_by); }, true}};
}

std::string summary_of(const ForgetReport& report) {
    const std::size_t forgotten = rows_with(report, Fate::forgotten);
    const std::size_t kept = rows_with(report, Fate::kept);
    if (forgotten == 0 && kept == 0) return "nothing to do: all of them are forgotten already\n";
    if (forgotten == 0) return fmt::format("nothing to forget: {} kept\n", counted(kept, "snapshot"));
    std::string out =
        fmt::format("{} {}", report.is_dry_run ? "would forget" : "forgot", counted(forgotten, "snapshot"));
    if (kept != 0) out += fmt::format(" and {} {}", report.is_dry_run ? "keep" : "kept", human_count(kept));
    if (const std::size_t gone = rows_with(report, Fate::gone); gone != 0)
        out += fmt::format("; {} had been forgotten already", human_count(gone));
    return out + "\n";
}

std::string split_text(const ForgetReport& report) {
    std::string out;
    for (const auto& [group, count] : report.split_points) {
        const std::string name = escape_for_display(group);
        out += fmt::format("{} of group {} {} some disks; --group {} keeps or forgets them together\n",
                           counted(count, "point"), name, report.is_dry_run ? "would lose" : "lost", name);
    }
    return out;
}

}  // namespace

ForgetReport forget_report(RetentionPlan plan, bool is_dry_run) {
    ForgetReport report{{}, std::move(plan.split_points), is_dry_run, {}};
    for (RetentionUnit& unit : plan.units)
        for (ListedSnapshot& member : unit.members)
            report.rows.push_back(
                {std::move(member), unit.kept_by.empty() ? Fate::forgotten : Fate::kept, unit.kept_by});
    return report;
}

ForgetReport forget_report(NamedForget named, bool is_dry_run) {
    ForgetReport report{{}, {}, is_dry_run, {}};
    for (ListedSnapshot& s : named.forgotten) report.rows.push_back({std::move(s), Fate::forgotten, {}});
    for (ListedSnapshot& s : named.gone) report.rows.push_back({std::move(s), Fate::gone, {}});
    return report;
}

std::string forget_text(const ForgetReport& report, ListDetail detail) {
    const bool is_full = detail == ListDetail::everything;
    std::string out = "nothing to forget: no snapshots\n";
    if (!report.rows.empty())
        out = rows_text(report.rows, forget_columns(is_full), is_full ? Table::unlimited : table_columns_max) +
              summary_of(report) + split_text(report);
    if (report.pruned) return out + prune_text(*report.pruned, PruneMode::done);
    if (!report.is_dry_run && rows_with(report, Fate::forgotten) != 0) out += fmt::format("{}\n", space_advice);
    return out;
}

Json forget_json(const ForgetReport& report) {
    Json json;
    json["snapshots"] = Json::array();
    for (const ForgetRow& row : report.rows) {
        Json one = snapshot_json(row.snapshot.record);
        one["action"] = action_of(row.fate);
        one["kept_by"] = Json::array();
        for (const KeepReason reason : row.kept_by) one["kept_by"].push_back(to_text(reason));
        json["snapshots"].push_back(std::move(one));
    }
    json["kept_count"] = rows_with(report, Fate::kept);
    json["forgotten_count"] = rows_with(report, Fate::forgotten);
    json["split_groups"] = Json::array();
    for (const auto& [group, count] : report.split_points) {
        Json one;
        one["group"] = group;
        one["point_count"] = count;
        json["split_groups"].push_back(std::move(one));
    }
    json["prune"] = report.pruned ? prune_json(*report.pruned, PruneMode::done) : Json(nullptr);
    json["dry_run"] = report.is_dry_run;
    return json;
}

}  // namespace varve
