#pragma once
/// The compressed form of a grain: one zlib stream, preceded by a marker with the grain's place on the disk and the
/// stream's length if the extent has markers. Safe from many threads. Source: RFC 1950; VMware Virtual Disk Format 5.0,
/// "Stream-Optimized Compressed Sparse Extents".

#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// The longest stream that a grain of `length` bytes can become.
std::size_t deflated_bytes_max(std::size_t length);

/// Compresses `grain` to the beginning of `out`, which has deflated_bytes_max() bytes, and returns the length of the
/// stream. With one version of libdeflate, the same grain always gives the same stream.
std::size_t deflate_grain(ByteView grain, ByteSpan out);

/// The longest stream that is accepted for a grain: incompressible data grows a little.
constexpr std::uint64_t stream_bytes_max(ByteCount grain_size) { return 2 * grain_size.value + (64 << 10); }

struct CompressedGrain {
    ByteOffset place;         ///< of the marker, or of the stream where there are no markers; inside the device
    std::uint64_t index = 0;  ///< of the grain; its marker must state the same
    ByteCount grain_size;
    bool has_marker = false;
};

/// Fills `out` with a grain's guest bytes: grain_size of them, or fewer for the last grain of an extent, whose stream
/// may hold more or less than that, up to a whole grain. Never inflates more than one grain. Throws Error(corrupt) if
/// the marker or the stream is not that of this grain.
void inflate_grain(const ByteSourcePtr& device, const CompressedGrain& grain, ByteSpan out);

}  // namespace varve::vmdk
