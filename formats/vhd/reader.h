#pragma once
/// A VHD without its parent: fixed, dynamic or differencing. Source: Microsoft's Virtual Hard Disk Image Format
/// Specification; qemu block/vpc.c.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/vhd/block_map.h"
#include "formats/vhd/layout.h"

namespace varve::vhd {

class Reader final : public ImageReader {
public:
    /// Reads the footer and the header, and checks the block table for blocks that overlap. info().warnings begins with
    /// `warnings`, sentences about how the image was opened. Throws Error(corrupt | unsupported).
    Reader(ByteSourcePtr device, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { device_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return device_->late_warnings(); }

    const Layout& layout() const { return layout_; }
    /// Of a differencing image, as recorded, best first. Untrusted text.
    const std::vector<std::string>& parent_names() const { return parent_names_; }

private:
    void describe(std::vector<std::string> warnings);
    BlockRun run_at(ByteRange guest) const;
    Extent mapped_extent_at(ByteOffset at) const;

    ByteSourcePtr device_;
    Layout layout_;
    std::optional<BlockMap> map_;  ///< none: a fixed image, whose bytes are the disk's
    std::vector<std::string> parent_names_;
    ImageInfo info_;
    mutable RecentExtents mapped_;  ///< as the block table has them
    mutable RecentExtents recent_;  ///< with the holes of the file below
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::vhd
