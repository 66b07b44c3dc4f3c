#pragma once
/// A logical volume as the disk that a job reads: its bytes, its ImageInfo, and a check that neither the physical
/// volumes nor the group's metadata about it changed while it was read.

#include <memory>

#include "engine/image/image_reader.h"
#include "formats/lvm/inventory.h"
#include "formats/lvm/volume_opener.h"

namespace varve::lvm {

class LogicalDisk final : public ImageReader {
public:
    /// `opener` opened `reader`, a volume of the group `found`; `info` describes the volume.
    LogicalDisk(std::shared_ptr<const ImageReader> reader, ImageInfo info, std::shared_ptr<const FoundGroup> found,
                std::shared_ptr<const VolumeOpener> opener)
        : reader_(std::move(reader)), info_(std::move(info)), found_(std::move(found)), opener_(std::move(opener)) {}

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override { return reader_->extent_at(at); }
    void read(ByteOffset at, ByteSpan out) const override { reader_->read(at, out); }
    ByteCount bytes_read() const override { return reader_->bytes_read(); }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override { return reader_->unreadable(); }
    /// Those of the disks that hold the group.
    std::vector<std::string> late_warnings() const override;

private:
    std::shared_ptr<const ImageReader> reader_;
    ImageInfo info_;
    std::shared_ptr<const FoundGroup> found_;
    std::shared_ptr<const VolumeOpener> opener_;
};

}  // namespace varve::lvm
