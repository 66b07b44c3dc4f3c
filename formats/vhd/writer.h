#pragma once
/// Writes a VHD, dynamic or fixed. Blocks have 2 MiB, as in all products. Zeros, written or announced, are absent in a
/// dynamic image if they fill a block; a block with any other byte is data, in which zero blocks of 4 KiB are holes of
/// the file. In a fixed image all zeros are holes.
///
/// Layout of a dynamic image: copy of the footer | dynamic header | block table | blocks | footer. A block's data
/// begins at a whole 4 KiB, and the sector before it is its bitmap, with every bit set. The footer and its copy are
/// written last: until then the file is not a VHD.
///
/// Layout of a fixed image: the disk's bytes | footer, in this order, so that it can be written to a pipe.
///
/// Decision: the exact size is recorded, with qemu's mark for that ("qem2") and the largest geometry, as by qemu-img
/// with force_size. Then no reader takes the geometry's size, which loses the end of the disk.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vhd/footer.h"
#include "formats/vhd/options.h"

namespace varve::vhd {

/// Microsoft's limit: 2040 GiB.
ByteCount virtual_size_max();

/// The footer of a new image. Throws Error(unsupported) for a disk that the options can't hold: larger than
/// virtual_size_max(), or without a geometry of its size if that counts.
Footer new_footer(ByteCount virtual_size, const CreationOptions& options);

/// `footer` is that of new_footer() for the same arguments. `output` takes ranges in any order, or in order for a fixed
/// image.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const Footer& footer);

}  // namespace varve::vhd
