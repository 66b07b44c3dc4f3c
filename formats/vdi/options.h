#pragma once
/// The creation options of a VDI image: `static`, as in qemu-img, `uuid` and `modification_uuid`.

#include <optional>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/base/uuid.h"

namespace varve::vdi {

struct CreationOptions {
    bool is_static = false;    ///< every block has its place from the start
    std::optional<Uuid> uuid;  ///< none: a random one. With a UUID, the same disk gives the same file, byte for byte
    std::optional<Uuid> modification_uuid;  ///< none: derived from `uuid`, or random without that
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that VDI does not have.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::vdi
