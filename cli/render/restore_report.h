#pragma once
/// The result of one `restore` call, as it is reported.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/repository/log_entry.h"

namespace varve {

struct RestoredDisk {
    SnapshotRecord snapshot;
    std::string path;  ///< as typed; "-" is standard output
    std::string format;
    std::optional<ByteRange> range;  ///< of the disk; nullopt: all of it
    ByteCount bytes_written;
    std::chrono::nanoseconds duration{};
};

struct RestoredAttachment {
    std::string name;
    std::string path;
    ByteCount size;
};

/// The files that exist now, whole.
struct RestoredFiles {
    std::vector<RestoredDisk> disks;
    std::vector<RestoredAttachment> attachments;
    std::vector<std::string> not_restored;  ///< the disks that were left when the restore failed or was stopped
    bool is_stopped = false;
};

/// The group that was restored.
struct RestoredGroup {
    std::string name;
    std::vector<std::string> forgotten;  ///< disks of the point that no longer exist
};

}  // namespace varve
