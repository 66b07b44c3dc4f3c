#include "cli/commands/prune_step.h"
#include "cli/commands/verbs.h"
#include "cli/options/byte_size.h"
#include "cli/options/output_options.h"
#include "cli/options/time_limit.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"

namespace varve {
namespace {

PruneRequest request_of(const Arguments& arguments) {
    PruneRequest request;
    if (const auto bytes = arguments.value("max-copy")) request.limits.copy_max = parse_byte_size(*bytes);
    request.deadline = time_limit(arguments);
    return request;
}

ExitStatus run_prune(const Invocation& call) {
    const Arguments& arguments = call.arguments;
    const PruneRequest request = request_of(arguments);
    const bool as_json = arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const PruneMode mode = arguments.has("dry-run") ? PruneMode::preview : PruneMode::done;
    const PruneReport report = prune_repository(call, request, mode, progress);
    progress.clear();
    if (as_json)
        print_json(call.console, prune_json(report, mode));
    else
        call.console.summary(prune_text(report, mode));
    return report.kept.empty() ? ExitStatus::done : ExitStatus::found;
}

}  // namespace

Verb prune_verb() {
    return {"prune",
            "",
            "give back the space of forgotten snapshots",
            "Removes packs that no snapshot needs any more, copies what is still needed out of those\n"
            "of which a quarter or more is not, and merges small packs. Removes also what killed\n"
            "commands left behind. It may be interrupted at any moment and may run beside backups,\n"
            "restores and other prunes, on any host: no snapshot loses anything, and the next prune\n"
            "finishes the work. Copies are written before anything is removed; if the disk has no\n"
            "room for them, --max-copy 0 only removes. Without --max-copy, damaged packs are written\n"
            "anew, as far as the repository has their content elsewhere, too. A damaged pack of which\n"
            "something is lost stays as it is: it is named, and the exit status is 3.",
            "varve prune -r /backup/vms --max-copy 20G",
            {0,
             0,
             UsesRepository::yes,
             {{"max-copy", 0, "BYTES", Repeat::once, "copy at most so much (with K, M, G or T)"},
              time_limit_spec("begin no more copies after so many seconds"),
              dry_run_spec("remove")}},
            run_prune};
}

}  // namespace varve
