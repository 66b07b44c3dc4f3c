#include "engine/image/window_reader.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {

std::vector<ByteRange> unreadable_within(const ImageReader& image, ByteRange range) {
    std::vector<ByteRange> inside;
    for (const ByteRange& bad : image.unreadable()) {
        const ByteOffset begin = std::max(bad.begin, range.begin);
        const ByteOffset end = std::min(bad.end(), range.end());
        if (begin < end) inside.push_back({ByteOffset{} + (begin - range.begin), end - begin});
    }
    return inside;
}

WindowReader::WindowReader(const ImageReader& image, ByteRange range) : image_(image), range_(range) {
    const ByteOffset end = ByteOffset{} + image.info().virtual_size;
    VARVE_CHECK(range.begin <= end && range.length <= end - range.begin);
    info_.format = image.info().format;
    info_.cluster_size = image.info().cluster_size;
    info_.virtual_size = range.length;
}

Extent WindowReader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < range_.length.value);
    const Extent extent = image_.extent_at(in_image(at));
    return {at, std::min(extent.length, range_.end() - extent.begin), extent.kind};
}

void WindowReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= range_.length.value && out.size() <= range_.length.value - at.value);
    image_.read(in_image(at), out);
}

}  // namespace varve
