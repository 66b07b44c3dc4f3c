#pragma once
/// The regular files of one folder, for a search among them. Nothing is opened: a FIFO or a device does no harm.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace varve {

struct FolderFiles {
    /// Those with the first of the given endings, in whatever case, then those with the next, then the others; each
    /// part sorted. Untrusted text.
    std::vector<std::string> names;
    bool is_complete = true;  ///< false: there are more than were looked at
};

/// Looks at no more than `entries_max` entries of the folder that `folder` is open on for reading. A symlink counts as
/// what it leads to. A folder that can't be read has none.
FolderFiles regular_files(UniqueFd folder, std::span<const std::string_view> endings, std::size_t entries_max);

}  // namespace varve
