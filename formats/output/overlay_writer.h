#pragma once
/// Writes an image over its backing image: of all that comes, only the units that differ from the backing image go on
/// to the writer of the new one. What the caller says is zero, or says nothing of, is zero in the disk: where the
/// backing image has other bytes, the new one gets explicit zeros. A shorter backing image reads as zeros past its end;
/// the excess of a longer one does not exist.
///
/// The backing image's map decides what is read of it: only units in which it has data.

#include <memory>

#include "engine/image/image_reader.h"
#include "engine/image/image_writer.h"

namespace varve {

/// `unit` is a power of two: the least that the new image can hold apart from its backing. What goes on is made of
/// whole units, but for the last one of the disk, and ascends.
std::unique_ptr<ImageWriter> write_over(std::unique_ptr<ImageReader> backing, std::unique_ptr<ImageWriter> image,
                                        ByteCount virtual_size, ByteCount unit);

}  // namespace varve
