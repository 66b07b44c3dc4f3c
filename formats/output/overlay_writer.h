#pragma once
/// Writes an image over its backing image: only the units that differ from the backing image are passed on to the
/// writer of the new one. Ranges that the caller zeroes or never mentions are zero in the disk: where the backing image
/// has other bytes, the new one gets explicit zeros. A shorter backing image reads as zeros past its end; the excess of
/// a longer one is ignored.
///
/// Only those units of the backing image are read in which its map has data.

#include <memory>

#include "engine/image/image_reader.h"
#include "engine/image/image_writer.h"

namespace varve {

/// `unit` is a power of two, the smallest part that the new image can hold independently of its backing image. Ranges
/// passed on ascend and consist of whole units, except for the last one of the disk.
std::unique_ptr<ImageWriter> write_over(std::unique_ptr<ImageReader> backing, std::unique_ptr<ImageWriter> image,
                                        ByteCount virtual_size, ByteCount unit);

}  // namespace varve
