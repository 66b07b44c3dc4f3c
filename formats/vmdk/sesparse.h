#pragma once
/// A seSparse extent: the changes of a snapshot on VMFS 6, or of a disk larger than 2 TiB. VMware has not published a
/// specification; source: qemu block/vmdk.c, which reads the same subset.

#include <memory>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// `device` begins with the magic CAFEBABE. Throws Error(corrupt | unsupported), and Error(refused) for an extent whose
/// journal was not replayed: only the host that wrote it can do that.
std::unique_ptr<ImageReader> open_sesparse(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches);

}  // namespace varve::vmdk
