#pragma once
/// A metadata area of a physical volume: a header sector that tells where in the ring behind it the current metadata
/// text of the volume group lies.
///
///     header (512 bytes) | older text | older text | current text | ... | (end of the area; then on behind the header)
///
/// Source: lvm2, lib/format_text/layout.h and format-text.c.

#include <optional>
#include <string>

#include "formats/base/named_device.h"

namespace varve::lvm {

/// Larger texts are not read: a group with 100,000 volumes has half of it.
inline constexpr ByteCount metadata_text_max = mib(64);

struct MetadataText {
    std::string text;  ///< without the NUL that ends it on disk
    std::uint32_t crc = 0;
    std::string place;  ///< of its first byte: "'p0.raw' at byte 18432"
};

/// The committed text of the area at `area` of `pv` (bytes from the physical volume's byte 0), joined where the ring
/// wraps; nothing when the area is marked ignored or holds no text. Only what the header points to is looked at: older
/// texts stay in the ring. Throws Error(corrupt) with place, field, expected and found when header or text do not
/// verify; Error(unsupported) for another version and for a text over the limit.
std::optional<MetadataText> read_metadata_text(const NamedDevice& pv, ByteRange area);

}  // namespace varve::lvm
