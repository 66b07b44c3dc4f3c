#pragma once
/// The result of one `restore` call, as it is reported.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/jobs/finding.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct RestoredDisk {
    SnapshotRecord snapshot;
    std::string path;  ///< as typed; "-" is standard output
    std::string format;
    std::optional<ByteRange> range;  ///< of the disk; nullopt: all of it
    ByteCount bytes_written;
    std::chrono::nanoseconds duration{};
    std::vector<Finding> damage;  ///< what is missing from the image, with --allow-damage
};

struct RestoredAttachment {
    std::string name;
    std::string path;
    ByteCount size;
};

/// The files that exist now, whole unless damage was allowed.
struct RestoredFiles {
    std::vector<RestoredDisk> disks;
    std::vector<RestoredAttachment> attachments;
    std::vector<std::string> not_restored;  ///< the disks that were left when the restore failed or was stopped
    std::vector<Finding> lost_attachments;  ///< damaged, and therefore not written, with --allow-damage
    bool is_stopped = false;

    bool is_damaged() const {
        return !lost_attachments.empty() ||
               std::ranges::any_of(disks, [](const RestoredDisk& disk) { return !disk.damage.empty(); });
    }
};

/// The group that was restored.
struct RestoredGroup {
    std::string name;
    std::vector<std::string> forgotten;  ///< disks of the point that no longer exist
};

}  // namespace varve
