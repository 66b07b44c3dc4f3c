#pragma once
/// How much room an image will take, before it is written.

#include <stop_token>

#include "engine/image_reader.h"

namespace varve {

/// Bytes of the image's data extents, from its allocation map alone: what a copy takes at most beside the metadata of
/// its format. Stops counting past `enough`, and then returns some number above it; an image that is not larger than
/// `enough` is not looked into at all. Throws what extent_at() throws, and Error(cancelled).
ByteCount data_bytes(const ImageReader& image, ByteCount enough, const std::stop_token& stop);

}  // namespace varve
