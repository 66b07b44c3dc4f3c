#pragma once
/// A metadata area of a physical volume: a header sector, followed by a ring buffer. The header points to the current
/// metadata text of the volume group in the ring.
///
///     header (512 bytes) | older text | older text | current text | ... | (end of the area; wraps to after the header)
///
/// Source: lvm2, lib/format_text/layout.h and format-text.c.

#include <optional>
#include <string>

#include "formats/base/byte_source.h"

namespace varve::lvm {

/// Larger texts are not read; a group with 100,000 volumes needs half of this.
inline constexpr ByteCount metadata_text_max = mib(64);

struct MetadataText {
    std::string text;  ///< without the NUL that ends it on disk
    std::uint32_t crc = 0;
    std::string place;  ///< of its first byte: "'p0.raw' at byte 18432"
};

/// The committed text of the area at `area` of `pv` (in bytes from byte 0 of the physical volume), joined where the
/// ring wraps; nullopt if the area is marked as ignored or holds no text. Older texts in the ring are ignored.
/// Throws Error(corrupt) with place, field, expected and found if the header or the text is not valid;
/// Error(unsupported) for another version and for a text above the limit.
std::optional<MetadataText> read_metadata_text(const ByteSourcePtr& pv, ByteRange area);

}  // namespace varve::lvm
