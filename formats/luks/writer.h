#pragma once
/// Writes a LUKS volume: its head, then every sector of the disk encrypted, also those that are zero or never
/// mentioned, which a hole could not represent. The head is written last: until then the file is not a LUKS volume.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/crypt/new_luks.h"
#include "formats/output/output.h"

namespace varve::luks {

/// The disk consists of whole sectors of 512 bytes. Throws what output->resize() throws.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size, crypt::NewLuks luks);

}  // namespace varve::luks
