#pragma once
/// Reads from an image that several readers share (a physical volume under many logical ones) and returns how much of
/// that was data, because the image itself counts the reads of all of them together.

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve {

/// Fills `out` with the bytes at `at`; returns how many of them were read from the medium (as in
/// ImageReader::bytes_read). The range must be inside the image. Errors pass through.
ByteCount counted_read(const ImageReader& image, ByteOffset at, ByteSpan out);
ByteCount counted_read(const ByteSource& source, ByteOffset at, ByteSpan out);

}  // namespace varve
