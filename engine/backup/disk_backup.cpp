#include "engine/backup/disk_backup.h"

#include <fmt/format.h>

#include "engine/backup/change_audit.h"
#include "engine/backup/disk_scan.h"
#include "engine/backup/map_builder.h"
#include "engine/base/escape.h"
#include "engine/base/random.h"

namespace varve {
namespace {

std::uint64_t nanoseconds_since(std::chrono::steady_clock::time_point begun) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun).count());
}

std::uint64_t random_seed() {
    std::array<std::byte, 8> bytes{};
    random_bytes(bytes);
    return load_le<std::uint64_t>(bytes);
}

}  // namespace

DiskBackup::DiskBackup(Repository& repository, const DiskToBackUp& disk, std::set<PackId> siblings)
    : repository_(repository),
      source_(*disk.source),
      request_(disk.request),
      base_(choose_base(repository.catalog, request_)),
      session_(repository.chunks.begin_session()),
      deposit_(*session_, repository.catalog, std::move(siblings)),
      bytes_read_before_(source_.bytes_read()) {
    if (base_.parent) parent_map_.emplace(repository_.chunks, base_.parent->record);
}

DepositedAttachments DiskBackup::attach(const std::vector<FileToAttach>& files) {
    return deposit_attachments(files, base_.parent ? &base_.parent->record : nullptr, *session_, repository_.catalog);
}

void DiskBackup::audit(Progress& progress, const std::stop_token& stop) {
    if (base_.changes == nullptr || base_.audit_chunks == 0) return;
    const ChangeAudit audit = audit_changes(source_, *base_.changes, *parent_map_, repository_.catalog,
                                            {base_.audit_chunks, random_seed()}, stop);
    bytes_audited_ = audit.bytes;
    if (!audit.wrong) return;
    progress.warn(fmt::format(
        "disk '{}': the change source '{}' IS WRONG: it says that the 64 KiB at offset {} are what snapshot {} has, "
        "and "
        "they are not; everything is read and compared now. Earlier snapshots that were made with it may be wrong: "
        "'varve verify --against' the source of one tells, and --audit N checks more next time",
        escape_for_display(request_.disk), base_.change_source, audit.wrong->begin().value,
        base_.parent->record.id.hex()));
    base_.change_source = fmt::format("rescan, as {} was wrong", base_.change_source);
    base_.changes = nullptr;
}

SnapshotRecord DiskBackup::describe(const Subtree& root, ByteCount bytes_changed) const {
    SnapshotRecord record;
    record.id = SnapshotId::make();
    if (base_.parent) record.parent = base_.parent->record.id;
    record.disk = request_.disk;
    record.time = request_.time;
    record.size = source_.info().virtual_size;
    record.map_digest = root.digest;
    record.map = root.page;
    record.root = root_identity(record.size, record.map_digest);
    record.source = request_.source;
    record.change_source = base_.change_source;
    record.tags = request_.tags;
    record.unreadable = source_.unreadable();
    record.change_token = request_.change_token;
    record.statistics.bytes_scanned = (source_.bytes_read() - bytes_read_before_ - bytes_audited_).value;
    record.statistics.bytes_audited = bytes_audited_.value;
    record.statistics.bytes_changed = bytes_changed.value;
    record.statistics.bytes_stored = session_->bytes_stored().value;
    record.statistics.chunks_new = deposit_.chunks_new();
    record.statistics.chunks_reused = deposit_.chunks_reused();
    record.statistics.duration_ns = nanoseconds_since(begun_);
    return record;
}

FinishedDisk DiskBackup::run(Progress& progress, const std::stop_token& stop) {
    const DiskMap* parent_map = parent_map_ ? &*parent_map_ : nullptr;
    audit(progress, stop);
    MapBuilder map(*session_, parent_map);
    DiskScan scan(repository_, source_, parent_map, base_.changes, map, deposit_);
    progress.begin("reading", source_.info().virtual_size);
    scan.run(progress, stop);
    const Subtree root = map.finish(source_.info().virtual_size);
    throw_if_stopped(stop);
    FinishedDisk finished;
    finished.packs = deposit_.finish();
    finished.hit_packs = deposit_.hit_packs();
    finished.record = describe(root, scan.bytes_changed());
    return finished;
}

}  // namespace varve
