#include "engine/backup/backup.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/backup/commit.h"
#include "engine/backup/damage_warning.h"
#include "engine/backup/disk_backup.h"
#include "engine/backup/orphan_packs.h"
#include "engine/base/check.h"
#include "engine/image/finish_reading.h"
#include "engine/prune/heal.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/damage_search.h"
#include "engine/repository/log_damage.h"

namespace varve {
namespace {

constexpr int attempts_max = 3;

/// One attempt at a backup, from the parents' maps to the commit.
class BackupAttempt {
public:
    BackupAttempt(ExaminedRepository& examined, const BackupGroup& group, Progress& progress,
                  const std::stop_token& stop)
        : repository_(examined.repository),
          soundness_(examined.soundness),
          group_(group),
          progress_(progress),
          stop_(stop) {}

    std::vector<SnapshotRecord> run();

    /// Whether it has stored anew what is damaged in older snapshots.
    bool met_damage() const { return met_damage_; }

    /// Whether a parent was forgotten since the attempt began: then parts of its map may be gone.
    bool lost_parent();

    /// Whether something of a parent cannot be read. Reads the parents' maps.
    bool has_damaged_parent();

private:
    void back_up(const DiskToBackUp& disk);
    FinishedDisk run(const DiskToBackUp& disk);
    std::string reading_phase(const DiskToBackUp& disk) const;
    void attach(DiskBackup& first);
    void enter();

    Repository& repository_;
    Soundness& soundness_;
    const BackupGroup& group_;
    Progress& progress_;
    const std::stop_token& stop_;
    CommitBasis basis_;
    CommitEntry entry_;
    std::vector<StoredPack> packs_;
    std::set<PackId> hits_;
    std::vector<Attachment> attachments_;
    bool met_damage_ = false;
    std::uint64_t chunks_stored_again_ = 0;
};

void BackupAttempt::attach(DiskBackup& first) {
    DepositedAttachments deposited = first.attach(group_.attachments);
    attachments_ = std::move(deposited.attachments);
    hits_.insert(deposited.hit_packs.begin(), deposited.hit_packs.end());
}

/// "reading", or in a group "reading web01/vda (2 of 3)".
std::string BackupAttempt::reading_phase(const DiskToBackUp& disk) const {
    if (group_.disks.size() < 2) return "reading";
    return fmt::format("reading {} ({} of {})", disk.request.disk, entry_.snapshots.size() + 1, group_.disks.size());
}

FinishedDisk BackupAttempt::run(const DiskToBackUp& disk) {
    std::set<PackId> siblings;
    for (const StoredPack& pack : packs_) siblings.insert(pack.facts.id);
    DiskBackup backup(repository_, soundness_, disk, std::move(siblings), progress_);
    if (backup.parent()) basis_.parents.push_back({backup.parent()->record.id, backup.parent()->commit});
    if (entry_.snapshots.empty()) attach(backup);
    return backup.run(reading_phase(disk), progress_, stop_);
}

/// Errors name the disk of a group that they are about.
void BackupAttempt::back_up(const DiskToBackUp& disk) try {
    FinishedDisk finished = run(disk);
    finished.record.group = group_.name;
    finished.record.attachments = attachments_;
    entry_.snapshots.push_back(std::move(finished.record));
    // So that the next disk finds what this one added.
    if (group_.disks.size() > 1) repository_.catalog.add_uncommitted(finished.packs);
    packs_.insert(packs_.end(), finished.packs.begin(), finished.packs.end());
    hits_.insert(finished.hit_packs.begin(), finished.hit_packs.end());
    met_damage_ |= finished.was_parent_damaged || finished.chunks_stored_again != 0;
    chunks_stored_again_ += finished.chunks_stored_again;
} catch (Error& error) {
    if (group_.disks.size() > 1 && error.code() != ErrorCode::cancelled)
        error.with_context(fmt::format("disk '{}'", disk.request.disk));
    throw;
}

void BackupAttempt::enter() {
    progress_.begin("committing", {});
    throw_if_stopped(stop_);
    for (const DiskToBackUp& disk : group_.disks) finish_reading(*disk.source, progress_);
    entry_.hit_packs.assign(hits_.begin(), hits_.end());
    commit(repository_, entry_, packs_, basis_, progress_);
}

std::vector<SnapshotRecord> BackupAttempt::run() {
    basis_.last_move = repository_.catalog.last_move();
    basis_.ids_unused_at = group_.ids_unused_at;
    for (const DiskToBackUp& disk : group_.disks) back_up(disk);
    if (met_damage_) warn_of_damage(repository_, soundness_, chunks_stored_again_, progress_);
    enter();
    return entry_.snapshots;
}

bool BackupAttempt::lost_parent() {
    catch_up(repository_, progress_);
    return !std::all_of(basis_.parents.begin(), basis_.parents.end(),
                        [&](const CommittedSnapshot& parent) { return is_live(repository_.catalog, parent); });
}

bool BackupAttempt::has_damaged_parent() {
    soundness_.suspect();
    DamageSearch search(repository_.chunks, [&](const ChunkAddress& address) { return soundness_.culprit(address); });
    bool is_damaged = false;
    for (const CommittedSnapshot& parent : basis_.parents)
        for (const ListedSnapshot& snapshot : repository_.catalog.snapshots_by_prefix(parent.id.hex()))
            search.run(snapshot.record, [&](const DamagedPart&) { is_damaged = true; });
    return is_damaged;
}

/// Whether only another program's prune made the attempt fail.
bool was_overtaken(const Error& error, BackupAttempt& run) {
    if (error.code() == ErrorCode::conflict) return true;
    return is_damaged_or_missing(error) && run.lost_parent();
}

/// Whether the next attempt can avoid the damage that this one met.
bool met_new_damage(const Error& error, Soundness& soundness, BackupAttempt& run) {
    return is_damaged_or_missing(error) && soundness.all_sound() && run.has_damaged_parent();
}

void check_group(const BackupGroup& group) {
    VARVE_CHECK(!group.disks.empty());
    std::set<std::string> names;
    for (const DiskToBackUp& disk : group.disks) {
        VARVE_CHECK(names.insert(disk.request.disk).second);
        check_disk_size(disk.source->info().virtual_size);
    }
}

bool can_restart(const BackupGroup& group) {
    return std::all_of(group.disks.begin(), group.disks.end(),
                       [](const DiskToBackUp& disk) { return disk.request.can_restart; });
}

Repository& with_whole_log(Repository& repository) {
    check_log_is_whole(repository);
    return repository;
}

}  // namespace

ExaminedRepository::ExaminedRepository(Repository& whole, Progress& progress)
    : repository(with_whole_log(whole)), soundness(whole, progress) {
    find_orphan_packs(whole);
}

std::vector<SnapshotRecord> backup(ExaminedRepository& examined, const BackupGroup& group, Progress& progress,
                                   const std::stop_token& stop) {
    check_group(group);
    if (!can_restart(group)) examined.soundness.suspect();  // it must not fail in the middle
    for (int attempt = 1;; ++attempt) {
        BackupAttempt run(examined, group, progress, stop);
        try {
            std::vector<SnapshotRecord> records = run.run();
            if (run.met_damage()) heal_after_backup(examined.repository, progress, stop);
            return records;
        } catch (const Error& error) {
            if (!can_restart(group) || attempt == attempts_max) throw;
            if (!was_overtaken(error, run) && !met_new_damage(error, examined.soundness, run)) throw;
            progress.warn(fmt::format("{}; starting again", error.what()));
            catch_up(examined.repository, progress);
            find_orphan_packs(examined.repository);
        }
    }
}

std::vector<SnapshotRecord> backup(Repository& repository, const BackupGroup& group, Progress& progress,
                                   const std::stop_token& stop) {
    ExaminedRepository examined(repository, progress);
    return backup(examined, group, progress, stop);
}

SnapshotRecord backup(Repository& repository, const ImageReader& source, const BackupRequest& request,
                      Progress& progress, const std::stop_token& stop) {
    return backup(repository, BackupGroup{"", {{&source, request}}, {}}, progress, stop).front();
}

}  // namespace varve
