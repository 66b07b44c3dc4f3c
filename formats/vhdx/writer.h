#pragma once
/// Writes a VHDX image, dynamic or fixed, as Hyper-V opens it. Blocks of only zeros are not present; a block with any
/// other byte is data, in which zero blocks of 4 KiB are holes of the file. In a fixed image every block is data.
///
/// Layout, in whole MiB: identifier, headers, region tables | empty log | metadata | block allocation table | blocks in
/// guest order. The first MiB is written last: until then the file is not a VHDX image.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vhdx/options.h"

namespace varve::vhdx {

/// `virtual_size` is a multiple of the sector size and at most virtual_size_max.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options);

}  // namespace varve::vhdx
