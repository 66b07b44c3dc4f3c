#include "formats/base/counted_read.h"

#include <algorithm>

namespace varve {

ByteCount counted_read(const ImageReader& image, ByteOffset at, ByteSpan out) {
    ByteCount data;
    while (!out.empty()) {
        const Extent extent = image.extent_at(at);
        const ByteSpan part =
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, out.size())));
        if (extent.kind == ExtentKind::data) {
            image.read(at, part);
            data += ByteCount{part.size()};
        } else {
            std::fill(part.begin(), part.end(), std::byte{0});
        }
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
    return data;
}

}  // namespace varve
