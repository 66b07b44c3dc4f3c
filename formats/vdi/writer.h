#pragma once
/// Writes a VDI image of version 1.1, dynamic or static. Blocks have 1 MiB, as in VirtualBox; qemu reads no other size.
/// Blocks of only zeros, written or announced, become explicit zeros that take no space; blocks never mentioned stay
/// free; a block with any other byte is data, in which zero blocks of 4 KiB are holes of the file. In a static image
/// every block is data, and all zeros are holes.
///
/// Layout: header | block map at 1 MiB | blocks at the next whole MiB, in guest order. The header is written last:
/// until then the file is not a VDI image.
///
/// Decision: the header holds the exact virtual size, although a disk has whole sectors. VBoxManage convertfromraw does
/// the same, and qemu (7.2) rounds it up. A disk keeps its identity through VDI.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vdi/options.h"

namespace varve::vdi {

/// The largest disk whose block map VirtualBox opens: 512 TiB less 128 MiB.
ByteCount virtual_size_max();

/// `output` takes ranges in any order. Throws Error(unsupported) for a disk larger than virtual_size_max().
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options);

}  // namespace varve::vdi
