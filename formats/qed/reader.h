#pragma once
/// A QED image without its backing file. Source: qemu docs/interop/qed_spec.txt.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/base/two_level_map.h"
#include "formats/qed/header.h"

namespace varve::qed {

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
    std::vector<std::string> late_warnings() const override;

    const Header& header() const { return header_; }

private:
    void describe(std::vector<std::string> warnings);

    ByteSourcePtr source_;
    Header header_;
    TwoLevelMap map_;
    ImageInfo info_;
    mutable RecentExtents recent_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::qed
