#pragma once
/// Walks the extents of an image. Costs what extent_at() costs; nothing is read.

#include <algorithm>
#include <optional>
#include <type_traits>

#include "engine/base/check.h"
#include "engine/image/image_reader.h"

namespace varve {

/// All bytes of the disk.
inline ByteRange whole_disk(const ImageReader& image) { return {{}, image.info().virtual_size}; }

/// Calls `visit` with the extents of `range` in ascending order; the last one is cut at the end of the range.
/// Neighbours may have the same kind. A `visit` that returns bool ends the walk by returning false.
template <typename Visit>
void for_each_extent(const ImageReader& image, ByteRange range, const Visit& visit) {
    for (ByteOffset at = range.begin; at < range.end();) {
        Extent extent = image.extent_at(at);
        VARVE_CHECK(extent.begin == at && extent.length.value > 0);
        extent.length = std::min(extent.end(), range.end()) - at;
        at = extent.end();
        if constexpr (std::is_same_v<std::invoke_result_t<const Visit&, const Extent&>, bool>) {
            if (!visit(extent)) return;
        } else {
            visit(extent);
        }
    }
}

/// The first data extent in `range`, cut to it; nullopt when there is none.
inline std::optional<ByteRange> first_data(const ImageReader& image, ByteRange range) {
    std::optional<ByteRange> found;
    for_each_extent(image, range, [&](const Extent& extent) {
        if (extent.kind == ExtentKind::data) found = ByteRange{extent.begin, extent.length};
        return !found;
    });
    return found;
}

}  // namespace varve
