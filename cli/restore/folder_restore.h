#pragma once
/// Restores several snapshots into a folder, with the attachments of their commits.

#include <span>
#include <stop_token>
#include <string>

#include "cli/render/restore_report.h"
#include "cli/restore/file_plan.h"
#include "cli/restore/restore_target.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// One call; running it again continues after the files that exist.
class FolderRestore {
public:
    FolderRestore(std::string folder, RestoreOptions options)
        : folder_(std::move(folder)), options_(std::move(options)) {}

    /// Refuses what can be refused before it writes (a dry run ends there, with the files in files()): names, existing
    /// files, formats, options, space. Restores one disk after the other, then the attachments; each file appears when
    /// it is whole. Stops at the first failure, whose message lists the files that exist.
    void run(const Repository& repository, std::span<const ListedSnapshot> snapshots, Progress& progress,
             const std::stop_token& stop);

    const RestoredFiles& files() const { return files_; }

private:
    std::string folder_;
    RestoreOptions options_;
    RestoredFiles files_;
};

}  // namespace varve
