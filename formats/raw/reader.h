#pragma once
/// A raw image: a file or block device whose bytes are the disk's. A hole of the file is unallocated; everything else,
/// and all of a block device, is data. Sizes need not be a multiple of 512.

#include <atomic>

#include "engine/base/file.h"
#include "engine/image/image_reader.h"
#include "formats/base/recent_extents.h"
#include "formats/guard/file_watch.h"

namespace varve {

class RawReader final : public ImageReader {
public:
    /// Takes the size that `file` has now: what grows later is not seen; a file that shrinks is Error(corrupt) when its
    /// lost part is asked for.
    /// info().warnings begins with `warnings`, sentences about how it was opened.
    explicit RawReader(File file, std::vector<std::string> warnings = {});

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { watch_.check_unchanged(file_); }
    std::vector<ByteRange> unreadable() const override { return {}; }

private:
    File file_;
    FileWatch watch_;
    bool has_holes_ = false;
    ImageInfo info_;
    mutable RecentExtents recent_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve
