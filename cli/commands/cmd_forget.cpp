#include <functional>
#include <utility>

#include "cli/commands/prune_step.h"
#include "cli/commands/verbs.h"
#include "cli/options/output_options.h"
#include "cli/options/retention_options.h"
#include "cli/render/render_forget.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

/// Throws Error(usage) unless the call has either snapshots or rules.
void check_usage(const Arguments& arguments) {
    const bool has_names = !arguments.operands().empty();
    const bool has_options = has_retention_options(arguments);
    if (!has_names && !has_options)
        throw Error(ErrorCode::usage,
                    "nothing states what to forget; pass snapshots, or rules for what to keep, such as --keep-daily 7");
    if (has_names && has_options)
        throw Error(ErrorCode::usage,
                    "snapshots and rules cannot be combined: snapshots are forgotten by their names, or selected by "
                    "--keep-..., --disk and --group");
    if (!has_names && arguments.has("force"))
        throw Error(ErrorCode::usage,
                    "--force is for snapshots that are named: rules never forget one that is tagged 'hold'");
}

/// Lets `work` use the repository that the options name.
void use_repository(const Invocation& call, const std::function<void(Repository&, Progress&)>& work) {
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    access.run([&](Repository& repository) { work(repository, progress); });
}

ForgetReport forget_what_is_named(const Invocation& call, bool is_dry_run) {
    const auto& names = call.arguments.operands();
    for (const std::string& name : names) parse_snapshot_name(name);
    const HeldSnapshots held = call.arguments.has("force") ? HeldSnapshots::forget : HeldSnapshots::refuse;
    NamedForget done;
    use_repository(call, [&](Repository& repository, Progress& progress) {
        const auto named = find_snapshots(repository.catalog, names);
        done = is_dry_run ? plan_forget(repository.catalog, named, held)
                          : forget_named(repository, named, held, progress, call.stop);
    });
    return forget_report(std::move(done), is_dry_run);
}

ForgetReport forget_what_rules_drop(const Invocation& call, bool is_dry_run) {
    const RetentionScope scope = retention_scope(call.arguments);
    const ForgetByRules request{retention_rules(call.arguments), scope, current_time()};
    RetentionPlan done;
    use_repository(call, [&](Repository& repository, Progress& progress) {
        done = is_dry_run ? plan_forget(repository.catalog, request)
                          : forget_by_rules(repository, request, progress, call.stop);
    });
    return forget_report(std::move(done), is_dry_run);
}

/// `error` is why the prune that followed failed, if it did.
void print(const Invocation& call, const ForgetReport& report, const Error* error = nullptr) {
    if (!call.arguments.has("json")) {
        call.console.summary(
            forget_text(report, call.arguments.has("verbose") ? ListDetail::everything : ListDetail::short_ids));
        return;
    }
    Json json = forget_json(report);
    if (error != nullptr) json["error"] = error_json(*error);
    print_json(call.console, json);
}

/// What is forgotten stays forgotten, whatever happens to the prune.
void prune_afterwards(const Invocation& call, ForgetReport& report) {
    ProgressBar progress(call.console, call.arguments.has("json") ? BarMode::never : BarMode::when_terminal);
    try {
        report.pruned = prune_repository(call, {}, PruneMode::done, progress);
        progress.clear();
    } catch (Error& error) {
        progress.clear();
        error.with_context("the snapshots are forgotten, but not pruned");
        print(call, report, &error);
        call.console.flush();
        throw;
    }
}

ExitStatus run_forget(const Invocation& call) {
    check_usage(call.arguments);
    const bool is_dry_run = call.arguments.has("dry-run");
    ForgetReport report = call.arguments.operands().empty() ? forget_what_rules_drop(call, is_dry_run)
                                                            : forget_what_is_named(call, is_dry_run);
    if (call.arguments.has("prune") && !is_dry_run) prune_afterwards(call, report);
    print(call, report);
    return report.pruned && !report.pruned->kept.empty() ? ExitStatus::found : ExitStatus::done;
}

std::vector<OptionSpec> forget_option_specs() {
    std::vector<OptionSpec> specs = retention_specs();
    specs.push_back({"force", 0, "", Repeat::once, "forget a named snapshot although it is tagged 'hold'"});
    specs.push_back({"prune", 0, "", Repeat::once, "then run varve prune; not with --dry-run"});
    specs.push_back(dry_run_spec("forget"));
    return specs;
}

}  // namespace

Verb forget_verb() {
    return {"forget",
            "[SNAP...]",
            "forget snapshots: those that rules do not keep, or by name",
            "Forgets the snapshots SNAP, or all that no rule keeps, and shows what stays for which\n"
            "rules. Each rule by itself keeps the newest snapshot of each of the last N periods that\n"
            "have one; what any rule keeps stays. N is a number, 0 for no such rule, or unlimited.\n"
            "Periods are those of the local calendar. While a history is shorter than a rule asks\n"
            "for, its oldest snapshot stays as well. Rules apply to each disk by itself, also to\n"
            "snapshots that were taken in a group; with --group to the points in time of a machine.\n"
            "Rules never forget a disk's newest snapshot, nor one that is tagged 'hold'. The table\n"
            "fits 80 columns; with --verbose it has full ids and times, and all reasons. Space is\n"
            "not free before `varve prune`, which --prune runs at the end.",
            "varve forget -r /backup/vms --keep-daily 14 --keep-weekly 8 --keep-monthly 12 -n",
            {0, operands_unlimited, UsesRepository::yes, forget_option_specs()},
            run_forget};
}

}  // namespace varve
