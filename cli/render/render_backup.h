#pragma once
/// The report of `backup`: what was made, what failed.

#include <span>
#include <string>
#include <vector>

#include "cli/terminal/json.h"
#include "engine/image/image_info.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct FailedSource {
    std::string source;  ///< as typed
    std::string error;   ///< one sentence
};

/// An internal snapshot that `--all-snapshots` did not take again.
struct SkippedSnapshot {
    std::string source;  ///< as typed
    ImageSnapshot facts;
    SnapshotId snapshot;  ///< what holds it
};

struct BackupReport {
    std::vector<SnapshotRecord> snapshots;
    std::vector<SkippedSnapshot> skipped;
    std::vector<FailedSource> failed;
};

/// At most five lines, however many sources there were.
std::string backup_text(const BackupReport& report);
Json backup_json(const BackupReport& report);
Json failed_json(std::span<const FailedSource> failed);

}  // namespace varve
