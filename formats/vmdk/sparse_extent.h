#pragma once
/// Opens a hosted sparse extent ("KDMV"), plain or stream-optimized: finds the authoritative header and usable tables.
/// Source: VMware Virtual Disk Format 5.0.

#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/vmdk/sparse_header.h"

namespace varve::vmdk {

struct SparseExtent {
    SparseHeader header;                  ///< or the footer, if that is authoritative
    std::unique_ptr<ImageReader> reader;  ///< of header.capacity bytes; not 0
};

/// Where tables are damaged, uses the redundant ones or the markers of a stream, and adds a warning. Throws
/// Error(corrupt | unsupported) if neither is usable.
SparseExtent open_sparse_extent(const ByteSourcePtr& device, const SparseHeader& header,
                                const std::shared_ptr<ReadCaches>& caches, std::vector<std::string>& warnings);

/// The text of the embedded descriptor, with its padding. Throws Error(corrupt) if it is not inside the device.
std::string read_embedded_descriptor(const ByteSourcePtr& device, const SparseHeader& header);

}  // namespace varve::vmdk
