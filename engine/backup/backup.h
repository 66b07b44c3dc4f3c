#pragma once
/// The backup job: sources, each read once, become snapshots. Unchanged chunks are recognised by the fingerprint that
/// the parent's slot tables hold, or by a change map without reading them; only what differs is hashed, and only what
/// the repository does not have is stored. Zero and unallocated ranges are never read.

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/backup/attachment_deposit.h"
#include "engine/backup/change_audit.h"
#include "engine/base/progress.h"
#include "engine/change/change_map.h"
#include "engine/image/image_reader.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/repository.h"

namespace varve {

/// What is known of a source without reading it.
struct KnownChanges {
    SnapshotId since;                ///< the snapshot that holds the earlier state: it becomes the parent
    const ChangeMap* map = nullptr;  ///< borrowed; compares the source with that state
    std::string source;              ///< kind of change source, as the snapshot records it
    /// Chunks that are read although `map` lets them pass, to find out whether it is right (change_audit.h). When one
    /// is not, everything is read and compared.
    std::uint32_t audit_chunks = audit_chunks_default;
};

struct BackupRequest {
    std::string disk;
    TimeNs time = 0;
    std::map<std::string, std::string> tags;
    SourceRecord source;
    /// Used as long as its snapshot is live. Without it the parent is the disk's newest snapshot, whatever its time.
    std::optional<KnownChanges> changes;
    /// Names the state that is backed up for the change source that a later night may ask (change_source.h).
    Bytes change_token;
    /// False for a source that can be read only once, in order (a pipe): a backup overtaken by a prune then fails
    /// instead of starting again.
    bool can_restart = true;
};

/// One disk of a group.
struct DiskToBackUp {
    const ImageReader* source = nullptr;  ///< borrowed
    BackupRequest request;
};

/// Disks that are committed together or not at all, with the small files kept beside them.
struct BackupGroup {
    std::string name;  ///< empty: a group without a name, as a single disk is
    std::vector<DiskToBackUp> disks;
    std::vector<FileToAttach> attachments;
};

/// Runs to the end and commits, or throws and leaves every former snapshot as it was. Each source is asked
/// check_unchanged() before. Returns the records as they stand in the log, in the order of the disks.
std::vector<SnapshotRecord> backup(Repository& repository, const BackupGroup& group, Progress& progress,
                                   const std::stop_token& stop);

/// A single disk.
SnapshotRecord backup(Repository& repository, const ImageReader& source, const BackupRequest& request,
                      Progress& progress, const std::stop_token& stop);

}  // namespace varve
