#pragma once
/// The creation options of a VHDX image: `subformat` and `block_size`, as in qemu-img, `logical_sector_size` and
/// `uuid`.

#include <optional>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/base/uuid.h"

namespace varve::vhdx {

struct CreationOptions {
    bool is_fixed = false;
    std::optional<ByteCount> block_size;  ///< none: chosen by the size of the disk
    ByteCount sector_size{512};           ///< the disk's logical one
    std::optional<Uuid> uuid;             ///< none: a random one. With a UUID, the same disk gives the same file
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that VHDX does not have.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::vhdx
