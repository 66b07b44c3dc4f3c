#pragma once
/// A copy-on-write file of User-Mode Linux without its backing file: the sectors whose bit is set. Source: Linux
/// arch/um/drivers/ubd_kern.c.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/bit_runs.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/uml_cow/header.h"

namespace varve::uml_cow {

class Reader final : public ImageReader {
public:
    /// info().warnings begins with `warnings`, sentences about how the image was opened. Throws Error(corrupt |
    /// unsupported) for the header.
    Reader(ByteSourcePtr source, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { source_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return source_->late_warnings(); }

private:
    /// Sectors of one kind: the bit is set for those in the file.
    BitRun run_from(std::uint64_t sector) const;
    ByteOffset place_of(ByteOffset guest) const { return header_.data + (guest - ByteOffset{}); }
    ByteOffset end_of(const BitRun& run) const;
    void check_place(ByteOffset at) const;

    ByteSourcePtr source_;
    Header header_;
    BitRuns bitmap_;
    ImageInfo info_;
    mutable RecentExtents mapped_;
    mutable RecentExtents recent_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::uml_cow
