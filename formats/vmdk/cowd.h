#pragma once
/// A COWD extent: the changes of an ESX snapshot (vmfsSparse, "-delta.vmdk"), or an old disk of GSX. Source: VMware
/// Virtual Disk Format 1.1, "ESX Server Sparse Extents".

#include <memory>
#include <string>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// What the extent's own header says of the disk below.
enum class CowdOrigin : std::uint8_t {
    root,     ///< a geometry: there is none
    child,    ///< it names one
    unknown,  ///< nothing, as ESX leaves it to the descriptor
};

struct CowdExtent {
    std::unique_ptr<ImageReader> reader;
    CowdOrigin origin = CowdOrigin::unknown;
    std::string parent_name;  ///< of a child; untrusted
};

/// The device begins with the magic "COWD". Throws Error(corrupt | unsupported).
CowdExtent open_cowd(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches);

}  // namespace varve::vmdk
