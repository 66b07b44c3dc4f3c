#include "engine/backup/dry_run.h"

#include <algorithm>

#include "engine/backup/change_policy.h"
#include "engine/backup/read_estimate.h"
#include "engine/image/extent_walk.h"
#include "engine/repository/chunk.h"

namespace varve {
namespace {

constexpr ByteCount progress_step = mib(1024);  // of the disk: a map walk covers much in little time

void count_extents(BackupPlan& plan, const ImageReader& source, Progress& progress, const std::stop_token& stop) {
    progress.begin("looking", plan.size);
    ByteOffset reported;
    for_each_extent(source, {{}, plan.size}, [&](const Extent& extent) {
        throw_if_stopped(stop);
        ByteCount& kind = extent.kind == ExtentKind::data   ? plan.data
                          : extent.kind == ExtentKind::zero ? plan.zero
                                                            : plan.unallocated;
        kind += extent.length;
        if (extent.end() < reported + progress_step) return;
        reported = extent.end();
        progress.advance({reported.value});
    });
}

}  // namespace

BackupPlan plan_backup(const Catalog& catalog, const DiskToBackUp& disk, Progress& progress,
                       const std::stop_token& stop) {
    const ImageReader& source = *disk.source;
    BackupPlan plan;
    plan.disk = disk.request.disk;
    plan.size = source.info().virtual_size;
    check_disk_size(plan.size);
    const BackupParent parent = choose_parent(catalog, disk.request, progress);
    if (parent.snapshot) plan.parent = parent.snapshot->record;
    plan.change_detection = parent.detection;
    plan.chunks_to_audit = parent.audit_chunks;
    count_extents(plan, source, progress, stop);
    plan.to_read = parent.changes ? data_to_read(source, *parent.changes, stop) : plan.data;
    return plan;
}

}  // namespace varve
