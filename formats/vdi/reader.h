#pragma once
/// A VDI image without its parent: dynamic, static or differencing. Source: VirtualBox VDICore.h; qemu block/vdi.c.
/// An image that VirtualBox encrypts is not marked as such (the key is in the machine's .vbox file): it reads as cipher
/// text.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/vdi/block_map.h"
#include "formats/vdi/header.h"

namespace varve::vdi {

class Reader final : public ImageReader {
public:
    /// Reads the header, and checks the block map for places used twice. info().warnings begins with `warnings`,
    /// sentences about how the image was opened. Throws Error(corrupt | unsupported).
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
    BlockMap map_;
    ImageInfo info_;
    mutable RecentExtents mapped_;  ///< as the block map has them
    mutable RecentExtents recent_;  ///< with the holes of the file below
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::vdi
