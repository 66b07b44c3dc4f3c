#pragma once
/// A raw image: the bytes of its source are the disk's, and its holes are unallocated. Sizes need not be a multiple of
/// 512.

#include <atomic>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve::raw {

class Reader final : public ImageReader {
public:
    /// Takes the size that `source` has now: what grows later is not seen; a file that shrinks is Error(corrupt) when
    /// its lost part is read. info().warnings begins with `warnings`, sentences about how it was opened.
    explicit Reader(ByteSourcePtr source, std::vector<std::string> warnings = {});

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { source_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }

private:
    ByteSourcePtr source_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::raw
