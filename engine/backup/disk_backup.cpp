#include "engine/backup/disk_backup.h"

#include <fmt/format.h>

#include "engine/backup/change_audit.h"
#include "engine/backup/copied_snapshot.h"
#include "engine/backup/disk_scan.h"
#include "engine/backup/map_builder.h"
#include "engine/backup/read_estimate.h"
#include "engine/base/random.h"
#include "engine/change/widened_changes.h"
#include "engine/image/image_space.h"
#include "engine/repository/damage_search.h"

namespace varve {
namespace {

std::uint64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
}

std::uint64_t random_seed() {
    std::array<std::byte, 8> bytes{};
    random_bytes(bytes);
    return load_le<std::uint64_t>(bytes);
}

/// Everything that was read or inherited counts in the root, so equal roots prove the copy.
void check_root(const SnapshotRecord& original, const Digest& root) {
    if (root == original.root) return;
    throw Error(ErrorCode::corrupt,
                fmt::format("the content read has the root {}, but the snapshot's record states {}; 'varve verify' of "
                            "the repository that it is in shows what is damaged",
                            to_hex(root.bytes), to_hex(original.root.bytes)));
}

}  // namespace

DiskBackup::DiskBackup(Repository& repository, Soundness& soundness, const DiskToBackUp& disk,
                       std::set<PackId> siblings, Progress& progress)
    : repository_(repository),
      soundness_(soundness),
      source_(*disk.source),
      request_(disk.request),
      parent_(choose_parent(repository.catalog, request_, progress)),
      session_(repository.chunks.begin_session()),
      deduplicator_(*session_, repository.catalog, soundness, std::move(siblings)),
      bytes_read_before_(source_.bytes_read()) {
    open_parent_map();
}

void DiskBackup::open_parent_map() {
    if (!parent_.snapshot) return;
    parent_map_.emplace(repository_.chunks, parent_.snapshot->record);
    if (!soundness_.all_sound()) hide_damage(parent_.snapshot->record);
}

void DiskBackup::hide_damage(const SnapshotRecord& parent) {
    std::vector<ByteRange> lost;
    bool is_root_lost = false;
    DamageSearch search(repository_.chunks, [&](const ChunkAddress& address) { return soundness_.culprit(address); });
    search.run(parent, [&](const DamagedPart& part) {
        lost.push_back(part.range);
        if (!part.page) return;
        parent_map_->hide(*part.page);
        is_root_lost |= *part.page == parent.map;
    });
    if (lost.empty()) return;
    was_parent_damaged_ = true;
    if (is_root_lost) {
        parent_map_.reset();
        parent_.changes.reset();
        parent_.detection = {ChangeDetection::How::rescan, {}};
    } else if (parent_.changes != nullptr) {
        parent_.changes =
            std::make_unique<WidenedChanges>(std::move(parent_.changes), std::move(lost), source_.info().virtual_size);
    }
}

DepositedAttachments DiskBackup::attach(const std::vector<FileToAttach>& files) {
    return deposit_attachments(files, parent_.snapshot ? &parent_.snapshot->record : nullptr, *session_,
                               repository_.catalog, soundness_);
}

void DiskBackup::audit(Progress& progress, const std::stop_token& stop) {
    if (parent_.changes == nullptr || parent_.audit_chunks == 0) return;
    const ChangeAudit audit = audit_changes(source_, *parent_.changes, *parent_map_, repository_.catalog,
                                            {parent_.audit_chunks, random_seed()}, stop);
    bytes_audited_ = audit.bytes;
    if (!audit.wrong) return;
    progress.warn(fmt::format(
        "disk '{}': the change source '{}' IS WRONG: it reports the 64 KiB at offset {} as unchanged since snapshot "
        "{}, "
        "but they differ; now everything is read and compared. Earlier snapshots made with it may be wrong: check one "
        "with 'varve verify --against' its source, and verify more next time with --audit N",
        request_.disk, parent_.detection.source, audit.wrong->begin().value, parent_.snapshot->record.id.hex()));
    parent_.detection.how = ChangeDetection::How::wrong_source;
    parent_.changes.reset();
}

SnapshotRecord DiskBackup::describe_source() const {
    SnapshotRecord record;
    if (request_.copy_of != nullptr) {
        record = request_.copy_of->record();
        record.change_token.clear();  // it is bound to the other repository
        return record;
    }
    record.id = SnapshotId::make();
    record.disk = request_.disk;
    record.time = request_.time;
    record.source = request_.source;
    record.change_detection = parent_.detection;
    record.tags = request_.tags;
    record.unreadable = source_.unreadable();
    record.change_token = request_.change_token;
    record.statistics.bytes_scanned = (source_.bytes_read() - bytes_read_before_ - bytes_audited_).value;
    record.statistics.bytes_audited = bytes_audited_.value;
    record.statistics.duration_ns = nanoseconds_since(started_);
    return record;
}

SnapshotRecord DiskBackup::describe(const Subtree& root, ByteCount bytes_changed) const {
    SnapshotRecord record = describe_source();
    record.parent = parent_.snapshot ? parent_.snapshot->record.id : SnapshotId{};
    record.size = source_.info().virtual_size;
    record.map_digest = root.digest;
    record.map = root.page;
    record.root = root_identity(record.size, record.map_digest);
    if (request_.copy_of != nullptr) check_root(request_.copy_of->record(), record.root);
    record.statistics.bytes_changed = bytes_changed.value;
    record.statistics.bytes_stored = session_->bytes_stored().value;
    record.statistics.chunks_new = deduplicator_.chunks_new();
    record.statistics.chunks_reused = deduplicator_.chunks_reused();
    return record;
}

/// For the progress: holes and what the change source reports unchanged are not read.
ByteCount DiskBackup::bytes_to_read(Progress& progress, const std::stop_token& stop) const {
    return parent_.changes ? data_to_read(source_, *parent_.changes, stop) : data_bytes(source_, progress, stop);
}

FinishedDisk DiskBackup::run(std::string_view phase, Progress& progress, const std::stop_token& stop) {
    const DiskMap* parent_map = parent_map_ ? &*parent_map_ : nullptr;
    audit(progress, stop);
    MapBuilder map(*session_, parent_map);
    DiskScan scan(repository_, soundness_, source_, parent_map, parent_.changes.get(), map, deduplicator_);
    progress.begin(phase, bytes_to_read(progress, stop));
    scan.run(progress, stop);
    const Subtree root = map.finish(source_.info().virtual_size);
    throw_if_stopped(stop);
    FinishedDisk finished;
    finished.packs = deduplicator_.finish();
    finished.hit_packs = deduplicator_.hit_packs();
    finished.record = describe(root, scan.bytes_changed());
    finished.was_parent_damaged = was_parent_damaged_;
    finished.chunks_stored_again = deduplicator_.chunks_stored_again();
    return finished;
}

}  // namespace varve
