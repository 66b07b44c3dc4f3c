#include "cli/commands/verbs.h"
#include "cli/render/render_diff.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

ExitStatus run_diff(const Invocation& call) {
    const auto& names = call.arguments.operands();
    for (const std::string& name : names) parse_snapshot_name(name);
    const auto detail = call.arguments.has("kinds") ? DiffDetail::kinds : DiffDetail::bytes;
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    SnapshotRecord a;
    SnapshotRecord b;
    SnapshotDiff found;
    access.run([&](Repository& repository) {
        a = find_snapshot(repository.catalog, names[0]).record;
        b = find_snapshot(repository.catalog, names[1]).record;
        found = diff(repository, a, b, detail);
    });
    if (call.arguments.has("json"))
        print_json(call.console, diff_json(a, b, found));
    else
        call.console.print(diff_text(found));
    const bool reports_by_status = call.arguments.has("exit-code") && !found.extents.empty();
    return reports_by_status ? ExitStatus::found : ExitStatus::done;
}

}  // namespace

Verb diff_verb() {
    return {"diff",
            "A B",
            "show what differs between two snapshots",
            "Lists the runs of 64 KiB chunks whose bytes differ between the snapshots A and B, with\n"
            "their kind in each: data, zero, unallocated or absent (past the end of that disk).\n"
            "Reads only the two maps, not the data.",
            "varve diff -r /backup/vms web01/vda@2026-11-20 web01/vda@latest",
            {2,
             2,
             UsesRepository::yes,
             {{"exit-code", 0, "", Repeat::once, "exit with 3 if they differ"},
              {"kinds", 0, "", Repeat::once,
               "also list runs whose bytes are equal but changed between zero and unallocated"}}},
            run_diff};
}

}  // namespace varve
