#pragma once
/// The parent of an image that records no name for it but the UUID of the parent, and the modification UUID that the
/// parent had then; VirtualBox keeps the names in its media registry. The parent may have another format: a machine
/// keeps its disk in the format that it came in, and its snapshots are VDI images.

#include <string>
#include <string_view>
#include <vector>

#include "formats/base/backing_search.h"
#include "formats/base/format_list.h"

namespace varve {

/// What a look at one file shows.
struct BackingFit {
    std::string_view format = {};  ///< of a file that fits; empty: it does not fit
    std::string doubt = {};        ///< of a file that fits, but may have changed: completes "'base.vdi' …"; or empty

    bool fits() const { return !format.empty(); }
};

/// Whether a regular file is the parent that is searched. Cheap: little is read; an unreadable file does not fit.
BackingFit look_for_parent(const BackingSearch& search, const ByteSourcePtr& source, const FormatList& formats);

/// The extensions (".vdi") of the formats that may hold a parent, those of the child's own format first.
std::vector<std::string> parent_extensions(std::string_view child_format, const FormatList& formats);

}  // namespace varve
