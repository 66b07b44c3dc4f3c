#pragma once
/// What kind of VMDK image to make, and the words that say so: qemu-img's, and `uuid`, which it does not have.

#include <array>
#include <optional>

#include "formats/option_words.h"

namespace varve::vmdk {

/// How the image lies in files. Not all are written yet.
enum class Subformat {
    monolithic_sparse,
    monolithic_flat,
    two_gb_max_extent_sparse,
    two_gb_max_extent_flat,
    stream_optimized,
};

/// The word of it, in options and in the image ("createType").
std::string_view name_of(Subformat subformat);

/// The controller that the disk was made for: it decides the geometry that the image records.
enum class AdapterType { ide, buslogic, lsilogic, legacy_esx };

std::string_view name_of(AdapterType adapter_type);

using Uuid = std::array<std::byte, 16>;  ///< in the order in which it is written as text

struct CreationOptions {
    Subformat subformat = Subformat::monolithic_sparse;
    /// Decision: not qemu's ide: VMware's own default, and without its limit of 128 GiB.
    AdapterType adapter_type = AdapterType::lsilogic;
    unsigned hwversion = 4;
    bool zeroed_grain = false;      ///< explicit zeros, which version 1 of the format does not have
    std::optional<Uuid> uuid = {};  ///< identifies the disk; none: its content ID is random

    /// Whether the image is written from its first byte to its last.
    bool is_streamed() const { return subformat == Subformat::stream_optimized; }
};

/// The words, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for a word or value that VMDK does not have, for a subformat that is not written yet, and for
/// words that don't go together.
CreationOptions parse_creation_options(const OptionMap& options);

}  // namespace varve::vmdk
