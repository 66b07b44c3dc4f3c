#include "cli/commands/verbs.h"
#include "cli/commands/verify_step.h"
#include "cli/terminal/progress_bar.h"

namespace varve {
namespace {

ExitStatus run_check(const Invocation& call) {
    ProgressBar progress(call.console, call.arguments.has("json") ? BarMode::never : BarMode::when_terminal);
    VerifyRequest request;
    request.depth = VerifyDepth::structure;
    const VerifyReport report = verify_repository(call, request, progress);
    progress.clear();
    return print_report(call, report);
}

}  // namespace

Verb check_verb() {
    return {"check",
            "",
            "check the structure of a repository, without reading the disks' data",
            "Checks everything but the data of the disks, so it takes seconds where verify takes\n"
            "hours: the config, the chain of the log, every map page of every snapshot, all slot\n"
            "tables and move tables, and that each pack is there and as long as the log states.\n"
            "Damage that an earlier verify on this host found in the data is shown again. Exits with\n"
            "3 when something is damaged, and names the snapshots and disks that are affected, and\n"
            "which bytes of them (with --verbose, also the damaged objects). This host remembers\n"
            "what is damaged, and no later backup builds on it.",
            "varve check -r /backup/vms",
            {0, 0, UsesRepository::yes, {}},
            run_check};
}

}  // namespace varve
