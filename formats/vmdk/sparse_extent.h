#pragma once
/// A hosted sparse extent ("KDMV"), plain or stream-optimized, as a reader: finds the header that counts, and tables
/// that make sense. Source: VMware Virtual Disk Format 5.0.

#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/vmdk/sparse_header.h"

namespace varve::vmdk {

struct SparseExtent {
    SparseHeader header;                  ///< or the footer, where that counts
    std::unique_ptr<ImageReader> reader;  ///< as long as header.capacity, which is not 0
};

/// Where tables are damaged, the redundant ones count, or the markers of a stream; `warnings` tells. Throws
/// Error(corrupt | unsupported) when nothing is left to go by.
SparseExtent open_sparse_extent(const ByteSourcePtr& device, const SparseHeader& header,
                                const std::shared_ptr<ReadCaches>& caches, std::vector<std::string>& warnings);

/// The embedded descriptor's text up to its padding. Throws Error(corrupt) when it does not lie inside the device.
std::string read_embedded_descriptor(const ByteSourcePtr& device, const SparseHeader& header);

}  // namespace varve::vmdk
