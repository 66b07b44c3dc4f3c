#pragma once
/// An image over its backing image: what the upper one leaves unallocated is read from the lower one. The disk has the
/// size of the upper one: past the end of a shorter backing image nothing is allocated, and the excess of a longer one
/// is ignored. Owns both.

#include <memory>

#include "engine/image/image_reader.h"

namespace varve {

class LayeredReader final : public ImageReader {
public:
    /// `doubts` are warnings about the two together.
    LayeredReader(std::unique_ptr<ImageReader> top, std::unique_ptr<ImageReader> backing,
                  std::vector<std::string> doubts = {});

    /// The upper image's own, with the warnings of all layers and the doubts.
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return top_->bytes_read() + backing_->bytes_read(); }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override;
    std::vector<std::string> late_warnings() const override;

private:
    void read_backing(ByteOffset at, ByteSpan out) const;

    std::unique_ptr<ImageReader> top_;
    std::unique_ptr<ImageReader> backing_;
    ImageInfo info_;
};

}  // namespace varve
