#pragma once
/// A seSparse extent: the changes of a snapshot on VMFS 6, or of a disk of more than 2 TiB. VMware has published no
/// specification; source: qemu block/vmdk.c, which reads the same.

#include <memory>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// The device begins with the magic CAFEBABE. Throws Error(corrupt | unsupported), and Error(refused) for an extent
/// whose journal was not replayed: the host that wrote it has to be asked to do so.
std::unique_ptr<ImageReader> open_sesparse(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches);

}  // namespace varve::vmdk
