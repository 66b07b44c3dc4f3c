#pragma once
/// The names that a differencing VHD records for its parent. They are hints: the parent's UUID decides.

#include <string>
#include <vector>

#include "formats/base/byte_source.h"
#include "formats/vhd/dynamic_header.h"

namespace varve::vhd {

/// The recorded names, best first: those of the locators W2ru (relative, UTF-16), W2ku (absolute) and MacX (a file's
/// URL), then the one in the header. A name that is empty, outside the file or not valid text is left out. Untrusted
/// text.
std::vector<std::string> recorded_parent_names(const ByteSource& source, const DynamicHeader& header);

/// Where to look for the recorded names on this host (base/foreign_name), without duplicates.
std::vector<std::string> parent_names_here(const std::vector<std::string>& recorded);

}  // namespace varve::vhd
