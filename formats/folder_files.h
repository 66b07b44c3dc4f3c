#pragma once
/// The regular files of one folder, for a search among them. Nothing is opened: a FIFO or a device does no harm.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace varve {

struct FolderFiles {
    /// Those that end in the given ending, in whatever case, then the others; each part sorted. Untrusted text.
    std::vector<std::string> names;
    bool is_complete = true;  ///< false: there are more than were looked at
};

/// Looks at no more than `entries_max` entries of the folder that `folder` is open on for reading. A symlink counts as
/// what it leads to. A folder that can't be read has none.
FolderFiles regular_files(UniqueFd folder, std::string_view ending, std::size_t entries_max);

}  // namespace varve
