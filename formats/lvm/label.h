#pragma once
/// The label of an LVM2 physical volume: who it is, how large, and where its data and metadata areas lie. One of the
/// first four sectors holds it:
///
///     label header (32 bytes) | PV header: uuid, size | data areas | metadata areas | extension: bootloader areas
///
/// Source: lvm2, lib/label/label.h and lib/format_text/layout.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/base/named_device.h"

namespace varve::lvm {

/// All ranges are relative to the physical volume's own byte 0, and not checked against its size. A data area of length
/// 0 reaches to the end.
struct Label {
    std::string uuid;          ///< with dashes; from untrusted bytes
    std::uint64_t sector = 0;  ///< where it was found: 0 to 3
    ByteCount device_size;     ///< what LVM took for the size of the physical volume
    std::vector<ByteRange> data_areas;
    std::vector<ByteRange> metadata_areas;
    std::uint32_t extension_version = 0;  ///< 0: written by an LVM without the extension
    std::uint32_t extension_flags = 0;
    std::vector<ByteRange> bootloader_areas;

    /// Whether a volume group uses it, as far as the extension tells.
    bool is_in_use() const { return (extension_flags & 1) != 0; }
    friend bool operator==(const Label&, const Label&) = default;
};

/// The 32 characters of a uuid as LVM shows them: "reKQmS-gPVp-1fh0-wNCn-WRVa-1QfY-SZw9W7".
std::string uuid_with_dashes(std::string_view uuid);

/// The first label that verifies; nothing when none of the first four sectors claims to be one. Throws Error(corrupt)
/// with place, field, expected and found when one claims to be and none verifies.
std::optional<Label> read_label(const NamedDevice& pv);

}  // namespace varve::lvm
