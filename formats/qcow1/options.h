#pragma once
/// The creation options of a qcow image: `backing_file` and `backing_fmt`, as in qemu-img.

#include <optional>
#include <string>
#include <vector>

#include "formats/base/option_words.h"

namespace varve::qcow1 {

struct CreationOptions {
    std::optional<std::string> backing_file;    ///< the name that the image records
    std::optional<std::string> backing_format;  ///< how it is read now; qcow has no place to record it
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that qcow does not have.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::qcow1
