#pragma once
/// The parts of a disk one after the other, as one disk. Each part is a reader of its own, such as a stack of images.

#include <memory>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve {

struct DiskPart {
    ByteRange range;                      ///< of the disk
    std::unique_ptr<ImageReader> reader;  ///< if it is longer, the rest is ignored; past its end nothing is allocated
};

class SplitReader final : public ImageReader {
public:
    /// `parts` are in order, without gaps, up to info.virtual_size. The warnings of the parts are added to those of
    /// `info`. Owns both. `extra` has no guest data, but must not change either: it is what describes the disk.
    SplitReader(std::vector<DiskPart> parts, ImageInfo info, std::vector<ByteSourcePtr> extra);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override;
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override;
    std::vector<std::string> late_warnings() const override;

private:
    const DiskPart& part_at(ByteOffset at) const;

    std::vector<DiskPart> parts_;
    ImageInfo info_;
    std::vector<ByteSourcePtr> extra_;
};

}  // namespace varve
