#include "engine/image/image_space.h"

namespace varve {

ByteCount data_bytes(const ImageReader& image, Progress& progress, const std::stop_token& stop) {
    const ByteCount size = image.info().virtual_size;
    progress.begin("measuring", size);
    ByteCount data;
    for (ByteOffset at; at < ByteOffset{} + size;) {
        throw_if_stopped(stop);
        const Extent extent = image.extent_at(at);
        if (extent.kind == ExtentKind::data) data += extent.length;
        at = extent.end();
        progress.advance({at.value});
    }
    return data;
}

}  // namespace varve
