#pragma once
/// The creation options of a LUKS volume: `iter-time`, as in qemu-img.

#include <chrono>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/crypt/iteration_time.h"

namespace varve::luks {

struct CreationOptions {
    std::chrono::milliseconds iteration_time = crypt::default_iteration_time;  ///< how long deriving the key takes
};

std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that LUKS does not have.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::luks
