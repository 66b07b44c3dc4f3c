#include "engine/backup/dry_run.h"

#include <algorithm>

#include "engine/backup/backup_parent.h"
#include "engine/repository/chunk.h"

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

ByteCount data_in(const ImageReader& source, ByteOffset begin, ByteOffset end) {
    ByteCount data;
    for (ByteOffset at = begin; at < end;) {
        const Extent extent = source.extent_at(at);
        if (extent.kind == ExtentKind::data) data += std::min(extent.end(), end) - at;
        at = extent.end();
    }
    return data;
}

/// Data of the chunks in which something may differ.
ByteCount data_to_read(const ImageReader& source, const ChangeMap& changes, const std::stop_token& stop) {
    ByteCount data;
    const ByteOffset end = ByteOffset{} + source.info().virtual_size;
    for (ByteOffset at; at < end;) {
        throw_if_stopped(stop);
        const ChangeRun run = changes.change_at(at);
        at = run.end();
        if (!run.may_differ) continue;
        const ByteOffset begin{run.begin.value / chunk_bytes * chunk_bytes};
        at = std::min(ByteOffset{divide_up(run.end().value, chunk_bytes) * chunk_bytes}, end);
        data += data_in(source, begin, at);
    }
    return data;
}

}  // namespace

BackupPlan plan_backup(const Catalog& catalog, const DiskToBackUp& disk, Progress& progress,
                       const std::stop_token& stop) {
    const ImageReader& source = *disk.source;
    BackupPlan plan;
    plan.disk = disk.request.disk;
    plan.size = source.info().virtual_size;
    check_disk_size(plan.size);
    const BackupBase base = choose_base(catalog, disk.request);
    if (base.parent) plan.parent = base.parent->record;
    plan.change_source = base.change_source;
    plan.chunks_to_audit = base.audit_chunks;
    count_extents(plan, source, progress, stop);
    plan.to_read = base.changes != nullptr ? data_to_read(source, *base.changes, stop) : plan.data;
    return plan;
}

}  // namespace varve
