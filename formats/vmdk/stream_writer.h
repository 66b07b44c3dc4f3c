#pragma once
/// Writes a streamOptimized VMDK image, version 3, as VMware exports it: the kind that ESXi imports and appliances
/// (OVA) contain. It is written from its first byte to its last, so it can go down a pipe. All-zero grains (64 KiB) are
/// left out; every other grain is compressed separately, on several threads, padded with zeros at the end of the disk.
/// The file does not depend on the scheduling of the threads.
///
///     header | descriptor | up to 64 KiB: zeros
///     for each 32 MiB of the disk with data:
///         { lba u64, length u32, zlib stream, zeros to 512 } for each grain, in guest order
///         marker: grain table | grain table
///     marker: grain directory | grain directory; 0 for a part without data
///     marker: footer | the header, with the place of the directory | marker: end of stream
///
/// The first header has the directory's place where it can be written last, which readers need that look at the
/// beginning of a file alone; in a pipe, and in an appliance, it says "at the end", as in the products' exports.
///
/// Decision: the descriptor calls the extent "generated-stream.vmdk", as vSphere does: a stream has no name, so the
/// same disk is the same bytes in files of any name, and in a pipe but for the directory's place. Memory: four buffers
/// of 258 KiB per thread, and four bytes per 32 MiB of the disk.

#include <memory>

#include "engine/base/ordered_pipeline.h"
#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vmdk/options.h"

namespace varve::vmdk {

/// `output` gets consecutive ranges, never by zero(), and unless it is sequential the first sector last. `workers`
/// threads compress. Throws Error(unsupported) for a size that VMDK can't hold (check_new_size); write() and finish()
/// throw it for an image of more than 2 TiB.
std::unique_ptr<ImageWriter> create_stream_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                  const CreationOptions& options, unsigned workers = worker_count());

}  // namespace varve::vmdk
