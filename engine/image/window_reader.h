#pragma once
/// A part of an image as a separate image: guest byte `range.begin` becomes byte 0. Every reader of whole images can
/// thus read a single partition.

#include "engine/image/image_reader.h"

namespace varve {

/// The part of image.unreadable() inside `range`, relative to the start of `range`.
std::vector<ByteRange> unreadable_within(const ImageReader& image, ByteRange range);

class WindowReader final : public ImageReader {
public:
    /// Borrows `image` for its life; `range` must be inside its virtual size.
    WindowReader(const ImageReader& image, ByteRange range);

    /// The image's, with the window's size and without what applies only to the whole disk (snapshots, bitmaps,
    /// backing, options, state).
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return image_.bytes_read(); }
    void check_unchanged() const override { image_.check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return unreadable_within(image_, range_); }
    std::vector<std::string> late_warnings() const override { return image_.late_warnings(); }

private:
    ByteOffset in_image(ByteOffset at) const { return range_.begin + (at - ByteOffset{}); }

    const ImageReader& image_;
    ByteRange range_;
    ImageInfo info_;
};

}  // namespace varve
