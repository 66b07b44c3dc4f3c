#pragma once
/// What `restore` wrote, as text for people and as JSON.

#include <optional>
#include <string>
#include <vector>

#include "cli/restore/folder_restore.h"
#include "cli/terminal/json.h"

namespace varve {

/// Which group was restored, for the report.
struct RestoredGroup {
    std::string name;
    std::vector<std::string> forgotten;  ///< disks of the point that are not there any more
};

std::string restored_text(const RestoredDisk& disk);
Json restored_json(const RestoredDisk& disk);

std::string restored_text(const RestoredFiles& files);
/// Of one disk, which was asked for by its name alone: the disk's own values, and the attachments.
Json restored_alone_json(const RestoredFiles& files);
Json restored_json(const RestoredFiles& files, const std::optional<RestoredGroup>& group);

}  // namespace varve
