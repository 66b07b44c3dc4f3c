#pragma once
/// Lists the regular files of one folder, for a search. Opens none of its entries: a FIFO or a device is harmless.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace varve {

struct FolderFiles {
    /// First those with the first of the given extensions, in either case, then those with the next, finally the
    /// others; each part sorted. Untrusted text.
    std::vector<std::string> names;
    bool is_complete = true;  ///< false: the folder has more entries than were examined
};

/// Examines at most `entries_max` entries of `folder`, which is open for reading. A symlink counts as what it leads to.
/// A folder that can't be read has no files.
FolderFiles regular_files(UniqueFd folder, std::span<const std::string_view> extensions, std::size_t entries_max);

}  // namespace varve
