#pragma once
/// Writes an expanding Parallels image with the extended magic, as Parallels and qemu do. Clusters of only zeros,
/// written or announced, and clusters never mentioned are not allocated: the format has no explicit zeros. A cluster
/// with any other byte is data, in which zero blocks of 4 KiB are holes of the file.
///
/// Layout: header, table of clusters | clusters from the next whole cluster on, in guest order. The header is written
/// last: until then the file is not a Parallels image.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/parallels/options.h"

namespace varve::parallels {

/// The largest disk whose table qemu opens: 512 TiB with clusters of 1 MiB.
ByteCount virtual_size_max(const CreationOptions& options);

/// `output` takes ranges in any order; `virtual_size` is in whole sectors. Throws Error(unsupported) for a disk larger
/// than virtual_size_max().
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options);

}  // namespace varve::parallels
