#pragma once
/// How to create a raw image, and the creation options for it.

#include <optional>

#include "formats/base/option_words.h"
#include "formats/output/preallocated_output.h"

namespace varve::raw {

struct Options {
    Preallocation preallocation = Preallocation::off;  ///< never metadata: raw has none
    std::optional<ByteCount> split = {};               ///< the length of each piece but the last; none: one file
};

std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that raw does not have.
Options parse_options(const OptionMap& options);

}  // namespace varve::raw
