#pragma once
/// The label of an LVM2 physical volume: its identity, its size, and where its data and metadata areas are. It is in
/// one of the first four sectors:
///
///     label header (32 bytes) | PV header: uuid, size | data areas | metadata areas | extension: bootloader areas
///
/// Source: lvm2, lib/label/label.h and lib/format_text/layout.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve::lvm {

/// All ranges are relative to byte 0 of the physical volume, and not checked against its size. A data area of length 0
/// extends to the end.
struct Label {
    std::string uuid;          ///< with dashes; from untrusted bytes
    std::uint64_t sector = 0;  ///< where it was found: 0 to 3
    ByteCount device_size;     ///< the size of the physical volume according to LVM
    std::vector<ByteRange> data_areas;
    std::vector<ByteRange> metadata_areas;
    std::uint32_t extension_version = 0;  ///< 0: written by an LVM version without the extension
    std::uint32_t extension_flags = 0;
    std::vector<ByteRange> bootloader_areas;

    /// Whether a volume group uses it, according to the extension.
    bool is_in_use() const { return (extension_flags & 1) != 0; }
    friend bool operator==(const Label&, const Label&) = default;
};

/// The 32 characters of a uuid in LVM's notation: "reKQmS-gPVp-1fh0-wNCn-WRVa-1QfY-SZw9W7".
std::string uuid_with_dashes(std::string_view uuid);

/// How much of a disk read_label() and claims_a_label() look at.
inline constexpr std::size_t label_search_bytes = 4 * 512;

/// Whether a sector among the first four, of which `head` holds the beginning of the disk, claims to be a label.
bool claims_a_label(ByteView head);

/// The first valid label; nullopt if none of the first four sectors claims to be one. Throws Error(corrupt) with place,
/// field, expected and found if sectors claim to be labels but none is valid.
std::optional<Label> read_label(const ByteSourcePtr& pv);

}  // namespace varve::lvm
