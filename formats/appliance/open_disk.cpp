#include "formats/appliance/open_disk.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/format_decision.h"
#include "formats/chain/image_chain.h"
#include "formats/chain/layered_reader.h"

namespace varve::appliance {
namespace {

constexpr std::size_t parents_max = 256;

/// A disk that the machine has, but that was never written to.
class EmptyDisk final : public ImageReader {
public:
    EmptyDisk(ByteCount size, std::vector<std::string> warnings) {
        info_.warnings = std::move(warnings);
        info_.format = "raw";
        info_.virtual_size = size;
    }

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        return {at, (ByteOffset{} + info_.virtual_size) - at, ExtentKind::unallocated};
    }
    void read(ByteOffset, ByteSpan out) const override { std::ranges::fill(out, std::byte{0}); }
    ByteCount bytes_read() const override { return {}; }
    void check_unchanged() const override {}
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }

private:
    ImageInfo info_;
};

OpenedImage open_empty(const PackageReader& package, const PackagedDisk& disk, std::vector<std::string> warnings) {
    if (!disk.capacity || disk.capacity->value == 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("'{}': the disk '{}' has neither a file nor a size", package.place().name, disk.name));
    OpenedImage image;
    image.reader = std::make_unique<EmptyDisk>(*disk.capacity, std::move(warnings));
    return image;
}

/// The format is that of the image itself, not what the descriptor claims.
FormatDecision decide_described(const ImageFile& file, const PackagedDisk& disk, const FormatList& formats) {
    FormatDecision decision = decide_packaged(*file.source, formats);
    if (formats.at(decision.format).use == FormatUse::package)
        throw Error(ErrorCode::unsupported,
                    fmt::format("'{}' is an appliance in an appliance: extract it first", file.place.name));
    if (decision.format == "raw" && disk.format.find("vmdk") != std::string::npos)
        throw Error(ErrorCode::corrupt,
                    fmt::format("'{}' is a VMware disk according to the appliance, but does not begin "
                                "like one: fetch the appliance again",
                                file.place.name));
    return decision;
}

/// `warnings` are to be those of the image too.
OpenedImage open_file(const PackageReader& package, const PackagedDisk& disk, const ImageOptions& options,
                      PackagedContent content, const LongRead& work, const FormatList& formats,
                      std::vector<std::string> warnings) {
    if (content == PackagedContent::checked) package.check_disk(disk, work);
    ImageFile file = package.open_disk(disk, work);
    FormatDecision decision = decide_described(file, disk, formats);
    decision.warnings.insert(decision.warnings.begin(), warnings.begin(), warnings.end());
    if (auto doubt = package.size_doubt(disk, file.source->size())) decision.warnings.push_back(*std::move(doubt));
    return open_chain(std::move(file), std::move(decision), package.references(), options, formats);
}

/// The disk that the descriptor bases this one on; null if there is none, or if the image names its parent itself: it
/// was then opened with it.
const PackagedDisk* parent_of(const PackageReader& package, const PackagedDisk& disk, const OpenedImage& image) {
    if (disk.parent.empty() || image.reader->info().backing) return nullptr;
    if (disk.file && image.reader->info().format == "raw")
        throw Error(ErrorCode::unsupported,
                    fmt::format("'{}': the disk '{}' is raw, and according to the descriptor (parentRef) holds only "
                                "what differs from another disk: a raw file does not show what that is",
                                package.place().name, disk.name));
    return &*std::ranges::find(package.disks(), disk.parent, &PackagedDisk::id);
}

/// A disk that the descriptor bases on another one (parentRef) holds only what differs from it: DSP0243, 9.1.
OpenedImage open_with_parents(const PackageReader& package, const PackagedDisk& top, ImageOptions options,
                              PackagedContent content, const LongRead& work, const FormatList& formats) {
    std::vector<OpenedImage> images;
    std::vector<std::string> warnings = package.warnings();
    for (const PackagedDisk* disk = &top; disk != nullptr; disk = parent_of(package, *disk, images.back())) {
        if (images.size() == parents_max)
            throw Error(ErrorCode::unsupported, fmt::format("'{}': the disk '{}' is based on more than {} others",
                                                            package.place().name, top.name, parents_max));
        images.push_back(disk->file ? open_file(package, *disk, options, content, work, formats, std::move(warnings))
                                    : open_empty(package, *disk, std::move(warnings)));
        warnings.clear();
        options.snapshot.reset();
    }
    OpenedImage image = std::move(images.front());
    std::unique_ptr<ImageReader> below = images.size() == 1 ? nullptr : std::move(images.back().reader);
    for (std::size_t i = images.size() - 1; i-- > 1;)
        below = std::make_unique<LayeredReader>(std::move(images[i].reader), std::move(below));
    if (below) image.reader = std::make_unique<LayeredReader>(std::move(image.reader), std::move(below));
    for (std::size_t i = 1; i < images.size(); ++i)
        image.layers.insert(image.layers.end(), images[i].layers.begin(), images[i].layers.end());
    return image;
}

}  // namespace

OpenedImage open_disk(std::shared_ptr<const PackageReader> package, LayerInfo package_layer,
                      const ImageOptions& options, const PackageOptions& which, const LongRead& work,
                      const FormatList& formats) {
    const PackagedDisk& disk = package->find_disk(which.member);
    OpenedImage image = open_with_parents(*package, disk, options, which.content, work, formats);
    image.layers.insert(image.layers.begin(), std::move(package_layer));
    image.member = disk.name;
    image.package = std::move(package);
    return image;
}

}  // namespace varve::appliance
