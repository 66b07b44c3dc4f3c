#pragma once
/// Reads from an image that others read from too (a physical volume under many logical ones), and tells how much of it
/// was data: the image's own count is everybody's.

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve {

/// Fills `out` with the bytes at `at` of `image`; gives how many of them it fetched from the medium (ImageReader's
/// bytes_read). The range lies inside the image. Errors pass through.
ByteCount counted_read(const ImageReader& image, ByteOffset at, ByteSpan out);
ByteCount counted_read(const ByteSource& source, ByteOffset at, ByteSpan out);

}  // namespace varve
