#pragma once
/// Writes a raw image: guest byte n is byte n of the output, and all that is not data reads as zero. Zero runs inside
/// data are left out at 4 KiB of guest position. In a new file they are holes; on a device they are zeroed; on a
/// stream they are sent.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"

namespace varve::raw {

/// The length of the output is exactly `virtual_size`, odd sizes too. Throws what output->resize() throws.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size);

}  // namespace varve::raw
