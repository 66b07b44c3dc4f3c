#pragma once
/// One disk's part of a backup: reads the source against its parent snapshot, makes what is new durable in packs, and
/// describes the snapshot that a commit can enter. One use; one thread (it starts workers of its own).

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "engine/backup/backup_parent.h"
#include "engine/backup/deduplicator.h"
#include "engine/repository/disk_map.h"

namespace varve {

/// What is durable in the repository, and not yet entered.
struct FinishedDisk {
    SnapshotRecord record;
    std::vector<StoredPack> packs;
    std::vector<PackId> hit_packs;
};

class DiskBackup {
public:
    /// Borrows all but `siblings`: the packs of the commit's other disks. The catalog has caught up with the log.
    DiskBackup(Repository& repository, const DiskToBackUp& disk, std::set<PackId> siblings);

    /// The snapshot that the disk is compared with and inherits from.
    const std::optional<ListedSnapshot>& parent() const { return base_.parent; }

    /// Stores the files beside the disk; before run().
    DepositedAttachments attach(const std::vector<FileToAttach>& files);

    FinishedDisk run(Progress& progress, const std::stop_token& stop);

private:
    /// Checks the change map, and gives it up when it is wrong somewhere.
    void audit(Progress& progress, const std::stop_token& stop);
    SnapshotRecord describe(const Subtree& root, ByteCount bytes_changed) const;

    Repository& repository_;
    const ImageReader& source_;
    const BackupRequest& request_;
    BackupBase base_;
    std::optional<DiskMap> parent_map_;
    std::unique_ptr<PackSession> session_;
    ChunkDeposit deposit_;
    const ByteCount bytes_read_before_;
    ByteCount bytes_audited_;
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace varve
