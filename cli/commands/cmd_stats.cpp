#include "cli/commands/verbs.h"
#include "cli/render/render_stats.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/naming/disk_name.h"

namespace varve {
namespace {

ExitStatus run_stats(const Invocation& call) {
    const auto& disks = call.arguments.operands();
    for (const std::string& disk : disks) check_disk_name(disk);
    const bool as_json = call.arguments.has("json");
    const auto referenced = call.arguments.has("referenced") ? ReferencedBytes::count : ReferencedBytes::skip;
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    RepositoryAccess access(call.arguments, progress);
    RepositoryStats stats;
    access.run(
        [&](Repository& repository) { stats = repository_stats(repository, disks, referenced, progress, call.stop); });
    progress.clear();
    if (as_json)
        print_json(call.console, stats_json(stats));
    else
        call.console.print(stats_text(stats));
    return ExitStatus::done;
}

}  // namespace

Verb stats_verb() {
    return {"stats",
            "[DISK...]",
            "show what the repository holds and how it grows",
            "Shows the size of the repository, totals for the named disks (for all disks if none is\n"
            "named) and a line for each, from the snapshots' own records; and the packs of the whole\n"
            "repository.\n"
            "  on disk      all packs, those of running or killed backups included\n"
            "  virtual      the sum of the snapshots' sizes\n"
            "  changed      bytes of the 64 KiB chunks that differ from the previous snapshot; for a\n"
            "               disk's first snapshot, of all chunks with data\n"
            "  stored       bytes that the snapshots added to the repository when they were taken,\n"
            "               including metadata; content shared by disks counts for the first one\n"
            "  reused       changed bytes that the repository had already, from whichever disk\n"
            "  dedup        changed chunks per chunk that had to be stored, of the disks together\n"
            "  compression  size of the stored chunks (64 KiB each) per byte stored\n"
            "  growth       bytes stored by all snapshots except each disk's oldest: the mean, and per\n"
            "               day if the oldest and the newest are a day or more apart\n"
            "  referenced   data of each disk's newest snapshot (with --referenced)",
            "varve stats -r /backup/vms web01/vda",
            {0,
             operands_unlimited,
             UsesRepository::yes,
             {{"referenced", 0, "", Repeat::once,
               "also count the data in each disk's newest snapshot; this reads its whole map"}}},
            run_stats};
}

}  // namespace varve
