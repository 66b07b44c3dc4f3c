#pragma once
/// A VHDX image, Hyper-V's format, without its parent: dynamic, fixed or differencing. Source: MS-VHDX.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/vhdx/block_map.h"
#include "formats/vhdx/file_header.h"
#include "formats/vhdx/metadata.h"

namespace varve::vhdx {

class Reader final : public ImageReader {
public:
    /// Replays the log in memory. info().warnings begins with `warnings`, sentences about how the image was opened.
    /// Throws Error(corrupt | unsupported).
    Reader(ByteSourcePtr file, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { file_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return file_->late_warnings(); }

    const FileHeader& header() const { return header_; }
    const Metadata& metadata() const { return metadata_; }

private:
    void describe();
    Extent mapped_extent_at(ByteOffset at) const;
    ByteCount read_blocks(ByteOffset place, ByteOffset at, ByteSpan out) const;

    ImageInfo info_;
    FileHeader header_;
    ByteSourcePtr file_;  ///< as it is after the replay
    Metadata metadata_;
    std::unique_ptr<BlockMap> map_;
    mutable RecentExtents mapped_;  ///< as the table has them
    mutable RecentExtents recent_;  ///< with the holes of the file below
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::vhdx
