#pragma once
/// One expanding Parallels image by itself: what it does not hold is unallocated, even if it is a snapshot's overlay.
/// Source: qemu docs/interop/parallels.txt.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/parallels/cluster_map.h"
#include "formats/parallels/header.h"

namespace varve::parallels {

class Reader final : public ImageReader {
public:
    /// Reads the header and the format extension, and checks the table for places used twice. info().warnings begins
    /// with `warnings`, sentences about how the image was opened. Throws Error(corrupt | unsupported).
    Reader(ByteSourcePtr device, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { device_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return device_->late_warnings(); }

    const Header& header() const { return header_; }

private:
    void describe(std::vector<std::string> warnings);
    Extent mapped_extent_at(ByteOffset at) const;

    ByteSourcePtr device_;
    Header header_;
    ClusterMap map_;
    ImageInfo info_;
    mutable RecentExtents mapped_;  ///< as the table has them
    mutable RecentExtents recent_;  ///< with the holes of the file below
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::parallels
