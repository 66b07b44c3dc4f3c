#include "engine/image/image_space.h"

#include "engine/image/extent_walk.h"

namespace varve {

ByteCount data_bytes(const ImageReader& image, Progress& progress, const std::stop_token& stop) {
    progress.begin("measuring", image.info().virtual_size);
    ByteCount data;
    for_each_extent(image, whole_disk(image), [&](const Extent& extent) {
        throw_if_stopped(stop);
        if (extent.kind == ExtentKind::data) data += extent.length;
        progress.advance({extent.end().value});
    });
    return data;
}

}  // namespace varve
