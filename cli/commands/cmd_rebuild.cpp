#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/repository/soundness.h"

namespace varve {
namespace {

/// The log alone, of which the catalog is made, does not show what was lost.
void warn_of_damage(Repository& repository, Progress& progress) {
    const Soundness soundness(repository, progress);
    if (!soundness.all_sound()) progress.warn(soundness.describe() + "; 'varve verify' shows which nights it affects");
}

ExitStatus run_rebuild(const Invocation& call) {
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    LogNumber entries = 0;
    std::size_t snapshots = 0;
    std::size_t packs = 0;
    access.rebuild_catalog();
    access.run([&](Repository& repository) {
        entries = repository.catalog.head().number;
        snapshots = repository.catalog.snapshots().size();
        packs = repository.catalog.packs().size();
        warn_of_damage(repository, progress);
    });
    if (call.arguments.has("json")) {
        Json json;
        json["repository"] = access.info().id.hex();
        json["log_entry_count"] = entries;
        json["snapshot_count"] = snapshots;
        json["pack_count"] = packs;
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
            "Makes a new catalog of the repository from its log, beside the present one, which it\n"
            "replaces when it is complete and which stays if it cannot be made. This is never needed\n"
            "for safety: any command that finds a missing or damaged catalog does the same.",
            "varve rebuild -r /backup/vms",
            {0, 0, UsesRepository::yes, {}},
            run_rebuild};
}

}  // namespace varve
