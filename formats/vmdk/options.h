#pragma once
/// What kind of VMDK image to make, and the words that say so: qemu-img's, and `uuid`, which it does not have.

#include <array>
#include <optional>

#include "formats/base/option_words.h"

namespace varve::vmdk {

/// How the image lies in files.
enum class Subformat {
    monolithic_sparse,         ///< one file
    monolithic_flat,           ///< a descriptor, and the disk's bytes as they are
    two_gb_max_extent_sparse,  ///< a descriptor, and pieces that grow
    two_gb_max_extent_flat,    ///< a descriptor, and the disk's bytes in pieces
    stream_optimized,          ///< one file, compressed, to send
    vmfs,                      ///< as monolithic_flat, for a datastore of ESXi. Not qemu-img's
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

    /// Whether the image is a descriptor, the file that is named, and files with the data.
    bool has_data_files() const { return !is_streamed() && subformat != Subformat::monolithic_sparse; }

    /// Whether its files hold grains, not the disk's bytes as they are.
    bool has_grains() const { return !has_data_files() || subformat == Subformat::two_gb_max_extent_sparse; }
};

/// The words, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for a word or value that VMDK does not have, and for words that don't go together.
CreationOptions parse_creation_options(const OptionMap& options);

}  // namespace varve::vmdk
