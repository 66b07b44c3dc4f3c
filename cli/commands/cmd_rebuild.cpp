#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/json.h"
#include "cli/terminal/progress_bar.h"

namespace varve {
namespace {

ExitStatus run_rebuild(const Invocation& call) {
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    LogNumber entries = 0;
    std::size_t snapshots = 0;
    std::size_t packs = 0;
    access.run([&](Repository& repository) {
        entries = rebuild(repository, progress).number;
        snapshots = repository.catalog.snapshots().size();
        packs = repository.catalog.packs().size();
    });
    if (call.arguments.has("json")) {
        Json json;
        json["repository"] = access.info().id.hex();
        json["log_entries"] = entries;
        json["snapshots"] = snapshots;
        json["packs"] = packs;
        print_json(call.console, json);
        return ExitStatus::done;
    }
    call.console.summary(fmt::format("rebuilt the catalog from {} log entr{}: {}, {}\n", entries,
                                     entries == 1 ? "y" : "ies", counted(snapshots, "snapshot"),
                                     counted(packs, "pack")));
    return ExitStatus::done;
}

}  // namespace

Verb rebuild_verb() {
    return {"rebuild",
            "",
            "rebuild this host's catalog from the repository",
            "Discards this host's catalog of the repository and reads the log again. This is never\n"
            "needed for safety: any command that finds a missing or damaged catalog rebuilds it.",
            "varve rebuild -r /backup/vms",
            {0, 0, UsesRepository::yes, {}},
            run_rebuild};
}

}  // namespace varve
