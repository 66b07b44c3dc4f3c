#include "engine/image_space.h"

#include "engine/progress.h"

namespace varve {

ByteCount data_bytes(const ImageReader& image, ByteCount enough, const std::stop_token& stop) {
    const ByteCount size = image.info().virtual_size;
    if (size <= enough) return size;
    ByteCount data;
    for (ByteOffset at; at < ByteOffset{} + size && data <= enough;) {
        throw_if_stopped(stop);
        const Extent extent = image.extent_at(at);
        if (extent.kind == ExtentKind::data) data += extent.length;
        at = extent.end();
    }
    return data;
}

}  // namespace varve
