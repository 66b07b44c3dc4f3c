#include "cli/render/render_stats.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/progress_bar.h"
#include "cli/verbs.h"
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
    call.console.print(as_json ? json_text(stats_json(stats)) : stats_text(stats));
    return ExitStatus::done;
}

}  // namespace

Verb stats_verb() {
    return {"stats",
            "[DISK...]",
            "show what the repository holds and how it grows",
            "Shows totals over the disks named (all of them without a name) and a line for each,\n"
            "from the snapshots' own records; and, of the whole repository, its packs.\n"
            "  virtual      sizes of the snapshots, added\n"
            "  changed      bytes of the 64 KiB chunks that differ from the snapshot before; of a\n"
            "               disk's first snapshot, of all chunks with data\n"
            "  stored       bytes that the snapshots added to the repository when they were taken,\n"
            "               metadata included; what two disks share counts with the first one\n"
            "  dedup        changed chunks per chunk that had to be stored\n"
            "  compression  chunks stored x 64 KiB, per byte stored\n"
            "  growth       stored by all snapshots but each disk's oldest: their mean, and per\n"
            "               day from the oldest to the newest\n"
            "  referenced   data of each disk's newest snapshot (with --referenced)",
            "varve stats -r /backup/vms web01/vda",
            {0,
             operands_unlimited,
             UsesRepository::yes,
             {{"referenced", 0, "", Repeat::once,
               "also count the data that each disk's newest snapshot holds; reads its whole map"}}},
            run_stats};
}

}  // namespace varve
