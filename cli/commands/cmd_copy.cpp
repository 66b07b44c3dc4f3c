#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/options/output_options.h"
#include "cli/options/snapshot_filter.h"
#include "cli/render/render_copy.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/naming/disk_pattern.h"
#include "engine/naming/snapshot_name.h"
#include "engine/retention/retention_plan.h"

namespace varve {
namespace {

/// Throws Error(usage), before a repository is opened.
void check_copy_usage(const Arguments& arguments) {
    if (arguments.value("to").value_or("").empty())
        throw Error(ErrorCode::usage, "the repository to copy to is missing; pass --to REPO2");
    for (const std::string& name : arguments.operands()) parse_snapshot_name(name);
    snapshot_filter(arguments);
    if (arguments.operands().empty()) return;
    for (const char* option : {"disk", "group", "tag", "since", "until"})
        if (arguments.has(option))
            throw Error(ErrorCode::usage, fmt::format("snapshots are named or selected by --{}, not both", option));
}

std::vector<ListedSnapshot> snapshots_to_copy(const Catalog& catalog, const Arguments& arguments) {
    if (!arguments.operands().empty()) return find_snapshots(catalog, arguments.operands());
    const SnapshotFilter filter = snapshot_filter(arguments);
    const std::vector<ListedSnapshot> all = catalog.snapshots();
    if (filter.group) check_scope(all, {{}, {*filter.group}});
    std::vector<ListedSnapshot> found = snapshots_of_disks(all, arguments.values("disk"));
    std::erase_if(found, [&](const ListedSnapshot& s) { return !filter.fits(s.record); });
    return found;
}

CopyReport copy_between(const Invocation& call, CopyMode mode, ProgressBar& progress) {
    RepositoryAccess source(call.arguments, progress);
    RepositoryAccess target(*call.arguments.value("to"), call.arguments, progress);
    check_two_repositories(source.info(), target.info());
    if (mode == CopyMode::done) target.announce("copy");
    CopyReport report;
    source.run([&](Repository& from) {
        target.run([&](Repository& to) {
            std::vector<ListedSnapshot> snapshots = snapshots_to_copy(from.catalog, call.arguments);
            if (mode == CopyMode::preview) {
                report = plan_copy(from, to, std::move(snapshots));
                return;
            }
            const auto observe = [&](const SnapshotRecord& first, std::size_t number, std::size_t count) {
                progress.show_subject(first.group.empty() ? first.disk : first.group, number, count);
            };
            report = copy_snapshots(from, to, std::move(snapshots), progress, call.stop, observe);
        });
    });
    return report;
}

/// Snapshots of one commit fail together, for one reason.
void print_failures(Console& console, const CopyReport& report) {
    std::string last;
    for (const SnapshotCopy& row : report.snapshots) {
        if (!row.error || row.error->what() == last) continue;
        last = row.error->what();
        console.error(last, error_word(row.error->code()));
    }
}

ExitStatus run_copy(const Invocation& call) {
    check_copy_usage(call.arguments);
    const bool as_json = call.arguments.has("json");
    const CopyMode mode = call.arguments.has("dry-run") ? CopyMode::preview : CopyMode::done;
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const CopyReport report = copy_between(call, mode, progress);
    progress.clear();
    print_failures(call.console, report);
    if (as_json)
        print_json(call.console, copy_json(report, mode));
    else
        call.console.summary(copy_text(report, mode));
    call.console.flush();
    if (report.is_stopped) throw Error(ErrorCode::cancelled, copy_stopped_text(report));
    const bool has_failed =
        std::ranges::any_of(report.snapshots, [](const SnapshotCopy& row) { return row.error.has_value(); });
    return has_failed ? ExitStatus::failed : ExitStatus::done;
}

std::vector<OptionSpec> copy_option_specs() {
    std::vector<OptionSpec> specs{
        {"to", 0, "REPO2", Repeat::once, "the repository to copy to; `varve init` makes one"},
        {"disk", 0, "DISK", Repeat::many, "only this disk (web01/vda), machine (web01) or pattern ('web*', '*/vda')"}};
    for (OptionSpec& spec : snapshot_filter_specs()) specs.push_back(std::move(spec));
    specs.push_back(dry_run_spec("copy"));
    return specs;
}

}  // namespace

Verb copy_verb() {
    return {"copy",
            "[SNAP...] --to REPO2",
            "copy snapshots to another repository",
            "Copies the snapshots SNAP, or all that the options select, to the repository REPO2:\n"
            "oldest first, and of each only what REPO2 does not have. Ids, times, tags, groups and\n"
            "attachments stay, so both repositories answer to the same names. Everything is checked\n"
            "on the way. What is in REPO2 already is not copied again, so that the same command\n"
            "every night keeps a second copy, and continues one that was stopped.\n"
            "\n"
            "Tags added or changed since are added or changed there as well; tags removed since stay\n"
            "there. copy forgets nothing: REPO2 has rules of its own (`varve forget`), but what only\n"
            "REPO2 forgot is copied again unless --since or another option excludes it.\n"
            "\n"
            "What cannot be copied, because it is damaged, is named, and the others are copied: exit\n"
            "status 1. The disks of a group that were backed up together are copied together or not\n"
            "at all; those copied by separate calls become separate points of the group there.",
            "varve copy -r /backup/vms --to /mnt/second/vms",
            {0, operands_unlimited, UsesRepository::yes, copy_option_specs()},
            run_copy};
}

}  // namespace varve
