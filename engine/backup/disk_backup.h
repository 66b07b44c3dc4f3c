#pragma once
/// One disk's part of a backup: compares the source with its parent snapshot, makes what is new durable in packs, and
/// describes the snapshot for the commit. Single use; one thread (it starts workers of its own).

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "engine/backup/attachment_deposit.h"
#include "engine/backup/change_policy.h"
#include "engine/backup/deduplicator.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/repository.h"

namespace varve {

/// What is durable in the repository but not yet committed.
struct FinishedDisk {
    SnapshotRecord record;
    std::vector<StoredPack> packs;
    std::vector<PackId> hit_packs;
    bool was_parent_damaged = false;  ///< parts of the parent's map or chunks that were not relied on
    std::uint64_t chunks_stored_again = 0;
};

class DiskBackup {
public:
    /// Chooses the parent, which may ask the change source. Borrows all but `siblings`: the packs of the commit's other
    /// disks.
    DiskBackup(Repository& repository, Soundness& soundness, const DiskToBackUp& disk, std::set<PackId> siblings,
               Progress& progress);

    /// The snapshot that the disk is compared with and inherits from.
    const std::optional<ListedSnapshot>& parent() const { return parent_.snapshot; }

    /// Stores the attachments; call it before run().
    DepositedAttachments attach(const std::vector<FileToAttach>& files);

    FinishedDisk run(std::string_view phase, Progress& progress, const std::stop_token& stop);

private:
    /// Whatever of the parent's map is unsound is hidden, and is read and stored again.
    void open_parent_map();
    void hide_damage(const SnapshotRecord& parent);
    ByteCount bytes_to_read(Progress& progress, const std::stop_token& stop) const;
    /// Verifies the change map, and discards it when it is wrong anywhere.
    void audit(Progress& progress, const std::stop_token& stop);
    SnapshotRecord describe(const Subtree& root, ByteCount bytes_changed) const;
    /// What the record states about the disk at its time, wherever it is stored.
    SnapshotRecord describe_source() const;

    Repository& repository_;
    Soundness& soundness_;
    const ImageReader& source_;
    const BackupRequest& request_;
    BackupParent parent_;
    std::optional<DiskMap> parent_map_;  ///< none: no parent, or its root page is lost
    bool was_parent_damaged_ = false;
    std::unique_ptr<PackSession> session_;
    Deduplicator deduplicator_;
    const ByteCount bytes_read_before_;
    ByteCount bytes_audited_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace varve
