#pragma once
/// Writes a raw image: guest byte n is byte n of the output, and everything but data reads as zeros. Zero blocks of
/// 4 KiB (of guest position) inside data are left out: in a new file they are holes, on a device they are zeroed, on a
/// stream they are sent.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"

namespace varve::raw {

/// The length of the output is exactly `virtual_size`, even if that is odd. Throws what output->resize() throws.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size);

}  // namespace varve::raw
