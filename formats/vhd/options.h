#pragma once
/// The creation options of a VHD: `subformat` and `force_size`, as in qemu-img, `azure` and `uuid`.

#include <optional>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/base/uuid.h"

namespace varve::vhd {

enum class Subformat { dynamic, fixed };

struct CreationOptions {
    std::optional<Subformat> subformat;  ///< none: dynamic, or fixed for Azure
    bool force_size = true;              ///< readers take the recorded size; else the geometry's, which must be equal
    bool azure = false;                  ///< whole MiB, as Azure demands
    std::optional<Uuid> uuid;            ///< none: a random one. With a UUID, the same disk gives the same file

    bool is_fixed() const {
        return subformat.value_or(azure ? Subformat::fixed : Subformat::dynamic) == Subformat::fixed;
    }
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that VHD does not have, and for options that contradict each other.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::vhd
