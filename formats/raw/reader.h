#pragma once
/// A raw image: the bytes of its source are those of the disk, and its holes are unallocated. Its size need not be a
/// multiple of 512.

#include <atomic>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve::raw {

class Reader final : public ImageReader {
public:
    /// Takes the size that `source` has now: later growth is ignored; after a file shrank, reading the lost part is
    /// Error(corrupt). info().warnings begins with `warnings`, sentences about how the image was opened.
    explicit Reader(ByteSourcePtr source, std::vector<std::string> warnings = {});

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { source_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return source_->late_warnings(); }

private:
    ByteSourcePtr source_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::raw
