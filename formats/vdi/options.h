#pragma once
/// What kind of VDI image to make, and the words that say so: qemu-img's `static`, and `uuid`.

#include <optional>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/base/uuid.h"

namespace varve::vdi {

struct CreationOptions {
    bool is_static = false;    ///< every block has its place from the start
    std::optional<Uuid> uuid;  ///< none: a fresh one. With it the same disk gives the same file, byte by byte
};

/// The words, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for a word or value that VDI does not have.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::vdi
