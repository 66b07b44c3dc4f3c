#pragma once
/// A logical volume as the disk that a job reads: its bytes, what is known about it, and the promise that neither the
/// physical volumes nor what the group's metadata says of it changed meanwhile.

#include <memory>

#include "formats/lvm/inventory.h"
#include "formats/lvm/volume_opener.h"

namespace varve::lvm {

class LogicalDisk final : public ImageReader {
public:
    /// `found` is the group that `opener` opened `volume` of as `reader`; `info` tells about it.
    LogicalDisk(std::shared_ptr<const ImageReader> reader, ImageInfo info, std::shared_ptr<const FoundGroup> found,
                std::shared_ptr<const VolumeOpener> opener)
        : reader_(std::move(reader)), info_(std::move(info)), found_(std::move(found)), opener_(std::move(opener)) {}

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override { return reader_->extent_at(at); }
    void read(ByteOffset at, ByteSpan out) const override { reader_->read(at, out); }
    ByteCount bytes_read() const override { return reader_->bytes_read(); }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override { return reader_->unreadable(); }

private:
    std::shared_ptr<const ImageReader> reader_;
    ImageInfo info_;
    std::shared_ptr<const FoundGroup> found_;
    std::shared_ptr<const VolumeOpener> opener_;
};

}  // namespace varve::lvm
