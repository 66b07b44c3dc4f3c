#pragma once
/// One chunk of an image as a backup would see it. Pure functions of the image.

#include "engine/image/image_reader.h"
#include "engine/repository/map_page.h"

namespace varve {

struct WholeChunk {
    MapKind kind = MapKind::unallocated;
    Bytes bytes;  ///< chunk_bytes, padded with zeros past the disk's end; empty unless `kind` is present
};

/// Reads only data extents. A chunk past the disk's end is unallocated. Throws what reading `image` throws.
WholeChunk read_whole_chunk(const ImageReader& image, ChunkIndex chunk);

}  // namespace varve
