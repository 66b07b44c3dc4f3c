#pragma once
/// The markers of a stream-optimized extent: what follows in the stream, and how much of it. Pure. Source: VMware
/// Virtual Disk Format 5.0, "Stream-Optimized Compressed Sparse Extents".
///
///     0 value 8 | 8 size 4 | 12 type 4, only where the size is 0
///
/// The stream of a grain follows its marker at once, at byte 12. Every other marker fills a sector.

#include <cstdint>

#include "engine/base/bytes.h"

namespace varve::vmdk {

enum class MarkerType : std::uint32_t {
    end_of_stream = 0,
    grain_table = 1,
    grain_directory = 2,
    footer = 3,
    progress = 4,
};

struct StreamMarker {
    /// Before the stream of a grain.
    static constexpr std::size_t grain_encoded_bytes = 12;
    /// Of any other marker.
    static constexpr std::size_t encoded_bytes = 16;

    std::uint64_t value = 0;  ///< of a grain: its sector on the disk; else how many sectors follow
    std::uint32_t size = 0;   ///< of a grain's stream; 0: not a grain
    std::uint32_t type = 0;   ///< a MarkerType; untrusted, and 0 for a grain

    bool is_grain() const { return size != 0; }
    bool is(MarkerType which) const { return !is_grain() && type == static_cast<std::uint32_t>(which); }
};

/// `bytes` hold at least grain_encoded_bytes, and encoded_bytes unless the marker is known to be that of a grain.
inline StreamMarker parse_marker(ByteView bytes) {
    StreamMarker marker{load_le<std::uint64_t>(bytes), load_le<std::uint32_t>(bytes.subspan(8)), 0};
    if (!marker.is_grain() && bytes.size() >= StreamMarker::encoded_bytes)
        marker.type = load_le<std::uint32_t>(bytes.subspan(12));
    return marker;
}

/// Fills the first bytes of `out`: grain_encoded_bytes of it for a grain, else encoded_bytes.
inline void encode_marker(const StreamMarker& marker, ByteSpan out) {
    store_le<std::uint64_t>(out.first(8), marker.value);
    store_le<std::uint32_t>(out.subspan(8, 4), marker.size);
    if (!marker.is_grain()) store_le<std::uint32_t>(out.subspan(12, 4), marker.type);
}

}  // namespace varve::vmdk
