#pragma once
/// A VMware disk without its parent: a descriptor, in a file of its own or embedded in a sparse extent, and the extents
/// that it lists, one after the other. Source: VMware Virtual Disk Format 5.0; formats/README.md, "VMDK", lists what is
/// supported.

#include <optional>

#include "engine/image/image_reader.h"
#include "formats/vmdk/extent_opener.h"

namespace varve::vmdk {

class Reader final : public ImageReader {
public:
    struct Options {
        OpenExtent open_extent;
        std::vector<std::string> warnings;  ///< about how it was opened; info().warnings begins with them
    };

    /// `image` is the file that the user named. Throws Error(corrupt | unsupported | refused), and what open_extent
    /// throws.
    Reader(ByteSourcePtr image, const Options& options, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override;
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override;

    const Descriptor& descriptor() const { return descriptor_; }

private:
    void open_hosted(ExtentOpener& opener);
    void open_cowd();
    void describe(const ExtentFacts& facts);
    const DiskExtent& extent_in(ByteOffset at) const;

    ByteSourcePtr image_;
    std::shared_ptr<ReadCaches> caches_;
    std::string where_;
    Descriptor descriptor_;
    std::vector<DiskExtent> extents_;
    std::vector<const ImageReader*> readers_;  // of the extents, each once
    ImageInfo info_;
};

}  // namespace varve::vmdk
