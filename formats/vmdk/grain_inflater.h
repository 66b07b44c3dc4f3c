#pragma once
/// The compressed grains of an extent: each a zlib stream (RFC 1950), behind a marker with the grain's place on the
/// disk and the stream's length where the extent has markers. Safe from many threads. Source: VMware Virtual Disk
/// Format 5.0, "Stream-Optimized Compressed Sparse Extents".

#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// u64 sector of the disk, u32 bytes of the stream.
inline constexpr std::uint64_t grain_marker_bytes = 12;

/// The longest stream that is taken for a grain: what cannot be compressed gets somewhat longer.
constexpr std::uint64_t stream_bytes_max(ByteCount grain_size) { return 2 * grain_size.value + (64 << 10); }

struct CompressedGrain {
    ByteOffset place;         ///< of the marker, or of the stream where there are none; inside the device
    std::uint64_t index = 0;  ///< of the grain, which its marker must tell, too
    ByteCount grain_size;
    bool has_marker = false;
};

/// Fills `out`, a grain's guest bytes: grain_size, or less for the last one of an extent, whose stream may hold more or
/// less than that up to a grain. No output past a grain is ever made. Throws Error(corrupt) when marker or stream are
/// not those of this grain.
void inflate_grain(const ByteSourcePtr& device, const CompressedGrain& grain, ByteSpan out);

}  // namespace varve::vmdk
