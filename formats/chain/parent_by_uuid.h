#pragma once
/// Finds the parent of an image that does not record its name, but its UUID and the modification UUID that it had then;
/// VirtualBox keeps the names in its media registry. The parent may have another format: a machine keeps its disk in
/// the original format, and its snapshots are VDI images.

#include <string>
#include <string_view>
#include <vector>

#include "formats/base/backing_search.h"
#include "formats/base/format_list.h"

namespace varve {

/// Whether a file is the parent.
struct BackingFit {
    std::string_view format = {};  ///< of a file that fits; empty: it does not fit
    std::string doubt = {};        ///< if it fits, but may have changed: completes "'base.vdi' …"

    bool fits() const { return !format.empty(); }
};

/// Checks whether a regular file is the parent. Cheap: reads little; an unreadable file does not fit.
BackingFit look_for_parent(const BackingSearch& search, const ByteSourcePtr& source, const FormatList& formats);

/// The extensions (".vdi") of the formats that may hold a parent, those of the child's own format first.
std::vector<std::string> parent_extensions(std::string_view child_format, const FormatList& formats);

}  // namespace varve
