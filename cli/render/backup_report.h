#pragma once
/// The result of one `backup` call, as it is reported.

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/image/image_info.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct FailedSource {
    std::string source;  ///< as typed
    ErrorCode code;
    std::string message;  ///< one sentence
};

/// An internal snapshot that `--all-snapshots` skipped because the repository has it already.
struct SkippedSnapshot {
    std::string source;  ///< as typed
    ImageSnapshot facts;
    SnapshotId snapshot;  ///< what holds it
};

struct BackupReport {
    std::vector<SnapshotRecord> snapshots;
    std::vector<SkippedSnapshot> skipped;
    std::vector<FailedSource> failed;
    bool is_stopped = false;                 ///< by a signal
    std::vector<std::string> not_backed_up;  ///< the disks that were left when it was stopped
};

}  // namespace varve
