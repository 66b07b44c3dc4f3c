#include "formats/base/counted_read.h"

#include <algorithm>

namespace varve {
namespace {

/// Calls `read(at, out)` for data only.
template <typename Medium, typename Read>
ByteCount read_data(const Medium& medium, ByteOffset at, ByteSpan out, Read read) {
    ByteCount data;
    while (!out.empty()) {
        const Extent extent = medium.extent_at(at);
        const ByteSpan part =
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, out.size())));
        if (extent.kind == ExtentKind::data) {
            read(at, part);
            data += ByteCount{part.size()};
        } else {
            std::fill(part.begin(), part.end(), std::byte{0});
        }
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
    return data;
}

}  // namespace

ByteCount counted_read(const ImageReader& image, ByteOffset at, ByteSpan out) {
    return read_data(image, at, out, [&](ByteOffset from, ByteSpan part) { image.read(from, part); });
}

ByteCount counted_read(const ByteSource& source, ByteOffset at, ByteSpan out) {
    return read_data(source, at, out, [&](ByteOffset from, ByteSpan part) { source.read_at(from, part); });
}

}  // namespace varve
