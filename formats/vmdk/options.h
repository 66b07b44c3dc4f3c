#pragma once
/// The creation options of a VMDK image: qemu-img's, and `uuid`, which qemu-img does not have.

#include <array>
#include <optional>

#include "formats/base/option_words.h"

namespace varve::vmdk {

/// How the image is stored in files.
enum class Subformat {
    monolithic_sparse,         ///< one file
    monolithic_flat,           ///< a descriptor, and the plain bytes of the disk
    two_gb_max_extent_sparse,  ///< a descriptor, and sparse pieces
    two_gb_max_extent_flat,    ///< a descriptor, and the plain bytes of the disk in pieces
    stream_optimized,          ///< one compressed file for transfer
    vmfs,                      ///< as monolithic_flat, for an ESXi datastore; not in qemu-img
};

/// Its name in options and in the image ("createType").
std::string_view name_of(Subformat subformat);

/// The controller that the disk is for; it determines the geometry that the image records.
enum class AdapterType { ide, buslogic, lsilogic, legacy_esx };

std::string_view name_of(AdapterType adapter_type);

using DiskUuid = std::array<std::byte, 16>;  ///< in the order of its text form

struct CreationOptions {
    Subformat subformat = Subformat::monolithic_sparse;
    /// Decision: VMware's own default, not qemu's ide with its limit of 128 GiB.
    AdapterType adapter_type = AdapterType::lsilogic;
    unsigned hwversion = 4;
    bool zeroed_grain = false;          ///< explicit zeros, which version 1 of the format lacks
    std::optional<DiskUuid> uuid = {};  ///< the disk's identity; none: its content ID is random

    /// Whether the image is written strictly from its first byte to its last.
    bool is_streamed() const { return subformat == Subformat::stream_optimized; }

    /// Whether the named file is only a descriptor, with the data in other files.
    bool has_data_files() const { return !is_streamed() && subformat != Subformat::monolithic_sparse; }

    /// Whether its files hold grains, not the plain bytes of the disk.
    bool has_grains() const { return !has_data_files() || subformat == Subformat::two_gb_max_extent_sparse; }
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an unknown option or value, and for options that conflict.
CreationOptions parse_creation_options(const OptionMap& options);

}  // namespace varve::vmdk
