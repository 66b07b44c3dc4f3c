#pragma once
/// How much space an image will take, before it is written.

#include <stop_token>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"

namespace varve {

/// Bytes of the image's data extents, from its allocation map alone: what a copy takes besides the metadata of its
/// format, or less where data turns out to be zeros. Throws what extent_at() throws, and Error(cancelled).
ByteCount data_bytes(const ImageReader& image, Progress& progress, const std::stop_token& stop);

}  // namespace varve
