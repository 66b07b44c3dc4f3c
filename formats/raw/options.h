#pragma once
/// How to make a raw image, and the words that say so.

#include "formats/base/option_words.h"
#include "formats/output/preallocated_output.h"

namespace varve::raw {

struct Options {
    Preallocation preallocation = Preallocation::off;  ///< never metadata: raw has none
};

std::vector<OptionWord> option_words();

/// Throws Error(usage) for a word or value that raw does not have.
Options parse_options(const OptionMap& options);

}  // namespace varve::raw
