#pragma once
/// Restores several snapshots, with the attachments of their commits, as files in a folder.

#include <chrono>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/restore/file_plan.h"
#include "cli/restore/restore_target.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// A disk that was given back whole.
struct RestoredDisk {
    SnapshotRecord snapshot;
    RestoreTarget target;
    std::optional<ByteRange> range;  ///< of the disk; nullopt: all of it
    ByteCount bytes_written;
    std::chrono::nanoseconds duration{};
};

struct RestoredAttachment {
    std::string name;
    std::string path;
    ByteCount size;
};

/// What is there.
struct RestoredFiles {
    std::vector<RestoredDisk> disks;
    std::vector<RestoredAttachment> attachments;
};

enum class SpaceCheck { done, skipped };

/// One call; running it again goes on after what is there.
class FolderRestore {
public:
    FolderRestore(std::string folder, RestoreWishes wishes, SpaceCheck space_check)
        : folder_(std::move(folder)), wishes_(std::move(wishes)), space_check_(space_check) {}

    /// Refuses what can be refused before it writes: names, existing files, formats, options, space. Disks come first,
    /// one after the other, then attachments; each file appears when it is whole. The first failure ends it, and its
    /// text says which files are there.
    void run(const Repository& repository, std::span<const ListedSnapshot> snapshots, Progress& progress,
             const std::stop_token& stop);

    const RestoredFiles& files() const { return files_; }

private:
    std::string folder_;
    RestoreWishes wishes_;
    SpaceCheck space_check_;
    RestoredFiles files_;
};

}  // namespace varve
