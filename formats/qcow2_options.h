#pragma once
/// What kind of qcow2 image to make, and the words that say so.

#include "formats/option_words.h"

namespace varve {

struct Qcow2Options {
    unsigned cluster_bits = 16;  ///< 9..21
};

/// The words, in the order of the help.
std::vector<OptionWord> qcow2_option_words();

/// Throws Error(usage) for a word or value that qcow2 does not have.
Qcow2Options parse_qcow2_options(const OptionMap& options);

}  // namespace varve
