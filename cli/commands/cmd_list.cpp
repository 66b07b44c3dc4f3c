#include "cli/commands/verbs.h"
#include "cli/options/snapshot_filter.h"
#include "cli/render/render_snapshot.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/progress_bar.h"
#include "engine/naming/disk_name.h"
#include "engine/naming/history.h"

namespace varve {
namespace {

std::vector<ListRow> rows_of(const std::vector<ListedSnapshot>& snapshots, const SnapshotFilter& filter) {
    const TimeNs now = current_time();
    std::vector<ListRow> rows;
    for (const ListedSnapshot& snapshot : snapshots)
        if (filter.fits(snapshot.record)) rows.push_back({snapshot, is_ahead(snapshot, snapshots, now)});
    return rows;
}

ExitStatus run_list(const Invocation& call) {
    const auto& operands = call.arguments.operands();
    std::optional<std::string> disk;
    if (!operands.empty()) {
        check_disk_name(operands[0]);
        disk = operands[0];
    }
    const SnapshotFilter filter = snapshot_filter(call.arguments);
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    std::vector<ListedSnapshot> snapshots;
    access.run([&](Repository& repository) { snapshots = repository.catalog.snapshots(disk); });
    const auto rows = rows_of(snapshots, filter);
    const auto detail = call.arguments.has("verbose") ? ListDetail::everything : ListDetail::short_ids;
    if (call.arguments.has("json"))
        print_json(call.console, list_json(rows));
    else
        call.console.print(list_text(rows, detail));
    return ExitStatus::done;
}

}  // namespace

Verb list_verb() {
    return {"list",
            "[DISK]",
            "list snapshots",
            "Lists all snapshots, or those of one disk: by disk, then oldest first. --group, --tag\n"
            "and --since select the snapshots that match all of them. Times are local, with their\n"
            "offset; one that a wrong clock set too late is marked with '!'. With --verbose, shows\n"
            "full ids.",
            "varve list -r /backup/vms web01/vda --since 2026-11-01 --tag keep",
            {0, 1, UsesRepository::yes, snapshot_filter_specs()},
            run_list,
            "snapshots"};
}

}  // namespace varve
