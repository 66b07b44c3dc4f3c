#include "formats/base/padded_read.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/base/counted_read.h"
#include "formats/base/image_error.h"

namespace varve {

ByteCount padded_read(const ByteSource& source, ByteOffset at, ByteCount cluster_size, ByteSpan out) {
    const std::uint64_t last_byte = at.value + std::max<std::size_t>(out.size(), 1) - 1;
    return padded_read(source, at, ByteOffset{last_byte / cluster_size.value * cluster_size.value}, out);
}

/// A cluster that is missing altogether was present when the map was consulted: the file became shorter.
ByteCount padded_read(const ByteSource& source, ByteOffset at, ByteOffset last_cluster, ByteSpan out) {
    const std::uint64_t size = source.size().value;
    const auto got =
        static_cast<std::size_t>(std::min<std::uint64_t>(at.value < size ? size - at.value : 0, out.size()));
    const ByteCount fetched = counted_read(source, at, out.first(got)) + ByteCount{out.size() - got};
    if (got == out.size()) return fetched;
    if (last_cluster.value >= size)
        throw corrupt_image(
            source, fmt::format("expected {} bytes of guest data at offset {}, found {}: the file became shorter",
                                out.size(), at.value, got));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(got), out.end(), std::byte{0});
    return fetched;
}

}  // namespace varve
