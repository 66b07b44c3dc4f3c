#pragma once
/// A COWD extent: the changes of an ESX snapshot (vmfsSparse, "-delta.vmdk"), or an old GSX disk. Source: VMware
/// Virtual Disk Format 1.1, "ESX Server Sparse Extents".

#include <memory>
#include <string>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// What the extent's own header records about the disk below.
enum class CowdOrigin : std::uint8_t {
    root,     ///< a geometry: there is no disk below
    child,    ///< a parent's name
    unknown,  ///< nothing: ESX leaves that to the descriptor
};

struct CowdExtent {
    std::unique_ptr<ImageReader> reader;
    CowdOrigin origin = CowdOrigin::unknown;
    std::string parent_name;  ///< of a child; untrusted
};

/// `device` begins with the magic "COWD". Throws Error(corrupt | unsupported).
CowdExtent open_cowd(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches);

}  // namespace varve::vmdk
