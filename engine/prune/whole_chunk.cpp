#include "engine/prune/whole_chunk.h"

#include <algorithm>

#include "engine/image/extent_walk.h"

namespace varve {

WholeChunk read_whole_chunk(const ImageReader& image, ChunkIndex chunk) {
    const ByteOffset begin = chunk.begin();
    const ByteOffset end = std::min(begin + ByteCount{chunk_bytes}, whole_disk(image).end());
    WholeChunk whole;
    if (begin >= end) return whole;
    for_each_extent(image, {begin, end - begin}, [&](const Extent& extent) {
        if (extent.kind == ExtentKind::zero) whole.kind = std::max(whole.kind, MapKind::zero);
        if (extent.kind != ExtentKind::data) return;
        whole.kind = MapKind::present;
        whole.bytes.resize(chunk_bytes);
        image.read(extent.begin, ByteSpan(whole.bytes)
                                     .subspan(static_cast<std::size_t>((extent.begin - begin).value),
                                              static_cast<std::size_t>(extent.length.value)));
    });
    if (whole.kind == MapKind::present && is_zero(whole.bytes)) return {MapKind::zero, {}};
    return whole;
}

}  // namespace varve
