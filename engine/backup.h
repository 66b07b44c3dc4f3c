#pragma once
/// The backup job: one source, read once, becomes one snapshot. Unchanged chunks are recognised by the fingerprint that
/// the parent's slot tables hold; only what differs is hashed, and only what the repository does not have is stored.
/// Zero and unallocated ranges are never read.

#include <map>
#include <stop_token>
#include <string>

#include "engine/image_reader.h"
#include "engine/log_entry.h"
#include "engine/progress.h"
#include "engine/repository.h"

namespace varve {

struct BackupRequest {
    std::string disk;
    TimeNs time = 0;
    std::map<std::string, std::string> tags;
    SourceRecord source;
    /// False for a source that can be read only once, in order (a pipe): a backup overtaken by a prune then fails
    /// instead of starting again.
    bool can_restart = true;
};

/// Runs to the end and commits, or throws and leaves every former snapshot as it was. The parent is the disk's newest
/// snapshot, whatever its time. Returns the record as it stands in the log.
SnapshotRecord backup(Repository& repository, const ImageReader& source, const BackupRequest& request,
                      Progress& progress, std::stop_token stop);

}  // namespace varve
