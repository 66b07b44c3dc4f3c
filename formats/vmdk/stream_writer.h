#pragma once
/// Writes a VMDK image of the kind streamOptimized, version 3, as VMware exports it: the one that ESXi imports, and the
/// one that appliances (OVA) hold. It is written from its first byte to its last, so that it can go down a pipe. Grains
/// (64 KiB) of only zeros are left out; each other one is compressed by itself, on several threads, padded with zeros
/// at the end of the disk. The file is the same whatever the threads do.
///
///     header, directory "at the end" | descriptor | up to 64 KiB: zeros
///     for each 32 MiB of the disk with data:
///         { lba u64, length u32, zlib stream, zeros to 512 } for each grain, in guest order
///         marker: grain table | grain table
///     marker: grain directory | grain directory; 0 for a part without data
///     marker: footer | the header, with the place of the directory | marker: end of stream
///
/// Decision: the descriptor names the extent "generated-stream.vmdk", as vSphere does: a stream has no name, and the
/// same disk is the same bytes in a pipe and in a file of any name. Memory: four buffers of 258 KiB for each thread,
/// and four bytes for each 32 MiB of the disk.

#include <memory>

#include "engine/base/ordered_pipeline.h"
#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vmdk/options.h"

namespace varve::vmdk {

/// `output` gets consecutive ranges, none of them by zero(). `workers` compress. Throws Error(unsupported) for a size
/// that VMDK does not hold (vmdk_header_writer.h); write() and finish() throw it for an image of more than 2 TiB.
std::unique_ptr<ImageWriter> create_stream_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                  const CreationOptions& options, unsigned workers = worker_count());

}  // namespace varve::vmdk
