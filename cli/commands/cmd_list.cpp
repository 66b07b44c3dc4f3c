#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/options/snapshot_filter.h"
#include "cli/render/render_snapshot.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/base/number_text.h"
#include "engine/naming/disk_pattern.h"
#include "engine/naming/history.h"

namespace varve {
namespace {

/// The disks, machines and globs that were typed, as operands or with --disk.
std::vector<std::string> patterns_of(const Arguments& arguments) {
    std::vector<std::string> patterns = arguments.operands();
    const auto more = arguments.values("disk");
    patterns.insert(patterns.end(), more.begin(), more.end());
    return patterns;
}

std::optional<std::size_t> last_of(const Arguments& arguments) {
    const auto typed = arguments.value("last");
    if (!typed) return std::nullopt;
    const auto count = parse_number<std::size_t>(*typed);
    if (!count || *count == 0)
        throw Error(ErrorCode::usage, fmt::format("--last: '{}' is not a number of snapshots from 1 on", *typed));
    return *count;
}

/// Which of the snapshots of one disk are shown: those that `filter` selects, and of them the last `count` of its
/// history.
std::set<SnapshotId> shown(std::span<const ListedSnapshot> of_disk, const SnapshotFilter& filter,
                           std::optional<std::size_t> count) {
    std::vector<ListedSnapshot> selected;
    for (const ListedSnapshot& s : of_disk)
        if (filter.fits(s.record)) selected.push_back(s);
    selected = in_history_order(std::move(selected));
    const std::size_t begin = count ? selected.size() - std::min(selected.size(), *count) : 0;
    std::set<SnapshotId> ids;
    for (std::size_t i = begin; i < selected.size(); ++i) ids.insert(selected[i].record.id);
    return ids;
}

/// By disk, then oldest first, as `all` is.
std::vector<ListRow> rows_of(const std::vector<ListedSnapshot>& all, const Arguments& arguments) {
    const SnapshotFilter filter = snapshot_filter(arguments);
    const auto last = last_of(arguments);
    const TimeNs now = current_time();
    const std::vector<ListedSnapshot> found = snapshots_of_disks(all, patterns_of(arguments));
    std::vector<ListRow> rows;
    for (auto begin = found.begin(); begin != found.end();) {
        const auto end = std::find_if(begin, found.end(),
                                      [&](const ListedSnapshot& s) { return s.record.disk != begin->record.disk; });
        const std::span<const ListedSnapshot> of_disk(begin, end);
        const auto ahead = which_are_ahead(of_disk, now);
        const auto ids = shown(of_disk, filter, last);
        for (std::size_t i = 0; i < of_disk.size(); ++i)
            if (ids.contains(of_disk[i].record.id)) rows.push_back({of_disk[i], ahead[i]});
        begin = end;
    }
    return rows;
}

ExitStatus run_list(const Invocation& call) {
    snapshot_filter(call.arguments);  // wrong usage is reported before the repository is opened
    last_of(call.arguments);
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    const bool as_json = call.arguments.has("json");
    const auto detail = call.arguments.has("verbose") ? ListDetail::everything : ListDetail::short_ids;
    std::vector<ListRow> rows;
    access.run([&](Repository& repository) { rows = rows_of(repository.catalog.snapshots(), call.arguments); });
    if (as_json)
        print_json(call.console, list_json(rows));
    else
        call.console.print(list_text(rows, detail));
    return ExitStatus::done;
}

std::vector<OptionSpec> list_option_specs() {
    std::vector<OptionSpec> specs = snapshot_filter_specs();
    specs.push_back({"disk", 0, "DISK", Repeat::many, "the same as the operand DISK"});
    specs.push_back({"last", 0, "N", Repeat::once, "of each disk only the last N that the other options select"});
    return specs;
}

}  // namespace

Verb list_verb() {
    return {"list",
            "[DISK...]",
            "list snapshots",
            "Lists all snapshots, or those of the named disks: by disk, then oldest first. DISK is a\n"
            "disk (web01/vda), a machine with all its disks (web01), or a pattern ('web*', '*/vda').\n"
            "--group, --tag, --since and --until select the snapshots that match all of them, --last\n"
            "the last ones of each disk. Times are local; one that a wrong clock set too late is\n"
            "marked with '!'. FROM names the internal snapshot that was read. The table fits 80\n"
            "columns; with --verbose it has full ids, names and times, formats and hosts.",
            "varve list -r /backup/vms web01 --since 2026-11-01 --tag keep",
            {0, operands_unlimited, UsesRepository::yes, list_option_specs()},
            run_list,
            "snapshots"};
}

}  // namespace varve
