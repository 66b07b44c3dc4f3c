#include "engine/backup_plan.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/map_page.h"

namespace varve {
namespace {

constexpr ByteCount progress_step = mib(1024);  // of the disk: a map walk passes over much in little time

void count_extents(BackupPlan& plan, const ImageReader& source, Progress& progress, const std::stop_token& stop) {
    progress.begin("looking", plan.size);
    const ByteOffset end = ByteOffset{} + plan.size;
    ByteOffset told;
    for (ByteOffset at; at < end;) {
        throw_if_stopped(stop);
        const Extent extent = source.extent_at(at);
        ByteCount& kind = extent.kind == ExtentKind::data   ? plan.data
                          : extent.kind == ExtentKind::zero ? plan.zero
                                                            : plan.unallocated;
        kind += extent.length;
        at = extent.end();
        if (at < told + progress_step) continue;
        told = at;
        progress.advance({at.value});
    }
}

}  // namespace

BackupPlan plan_backup(const Catalog& catalog, const ImageReader& source, const std::string& disk, Progress& progress,
                       const std::stop_token& stop) {
    BackupPlan plan;
    plan.disk = disk;
    plan.size = source.info().virtual_size;
    if (plan.size > map_disk_bytes_max)
        throw Error(ErrorCode::unsupported, fmt::format("the disk has {} bytes; a snapshot holds at most {} (256 TiB)",
                                                        plan.size.value, map_disk_bytes_max.value));
    const std::vector<ListedSnapshot> former = catalog.snapshots(disk);
    if (!former.empty()) plan.parent = former.back().record;
    plan.change_source = plan.parent ? "rescan" : "full";
    count_extents(plan, source, progress, stop);
    return plan;
}

}  // namespace varve
