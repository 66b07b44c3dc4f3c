#pragma once
/// In which format each file of a chain is read: as the user said, as the image above records it, or as its first bytes
/// tell. A guest writes its disk's bytes, so what they tell is believed for the named image alone where nobody says
/// otherwise, and a backing file of unknown format is never taken for raw.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/base/format_list.h"
#include "formats/chain/image_references.h"

namespace varve {

/// The format of one file, and what there is to say about how it was decided.
struct FormatDecision {
    std::string format;
    std::vector<std::string> warnings;
};

/// Throws Error(usage), naming `option`, for a format that is not `known`.
void require_known_option(const std::optional<std::string>& format, std::span<const std::string_view> known,
                          std::string_view option);

/// Of the image that the user named, in `format` if given: without a known magic it is raw; an appliance's is that
/// of a package. Throws
/// Error(unsupported) for a format that is not read.
FormatDecision decide_top(const ImageFile& image, const std::optional<std::string>& format, const FormatList& formats);

/// Of a backing file: `recorded` in the image above, else `declared` by the user. Throws Error(unsupported), and
/// Error(refused) when nothing determines it.
FormatDecision decide_backing(const ImageFile& image, const std::optional<std::string>& recorded,
                              const std::optional<std::string>& declared, const FormatList& formats);

}  // namespace varve
