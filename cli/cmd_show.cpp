#include "cli/open_repository.h"
#include "cli/progress_bar.h"
#include "cli/render_snapshot.h"
#include "cli/verbs.h"
#include "engine/snapshot_name.h"

namespace varve {
namespace {

ExitStatus run_show(const Invocation& call) {
    const std::string& name = call.arguments.operands()[0];
    parse_snapshot_name(name);
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    ListedSnapshot snapshot;
    access.run([&](Repository& repository) { snapshot = find_snapshot(repository.catalog, name); });
    call.console.print(call.arguments.has("json") ? json_text(show_json(snapshot)) : show_text(snapshot));
    return ExitStatus::done;
}

}  // namespace

Verb show_verb() {
    return {"show",
            "SNAP",
            "show all that is known of one snapshot",
            "Shows where a snapshot was read from, what it cost, its tags and its root: two\n"
            "snapshots with one root hold the same bytes.",
            "varve show -r /backup/vms web01/vda@latest",
            {1, 1, UsesRepository::yes, {}},
            run_show};
}

}  // namespace varve
