#include "formats/appliance/open_disk.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/format_decision.h"
#include "formats/chain/image_chain.h"

namespace varve::appliance {
namespace {

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

private:
    ImageInfo info_;
};

OpenedImage open_empty(const PackageReader& package, const PackagedDisk& disk) {
    if (!disk.capacity || disk.capacity->value == 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("'{}': the disk '{}' has neither a file nor a size", package.place().name, disk.name));
    OpenedImage image;
    image.reader = std::make_unique<EmptyDisk>(*disk.capacity, package.warnings());
    return image;
}

/// The format is that of the image itself, not what the descriptor claims.
FormatDecision decide_packaged(const ImageFile& file, const PackagedDisk& disk, const FormatList& formats) {
    FormatDecision decision = decide_top(file, std::nullopt, formats);
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

OpenedImage open_file(const PackageReader& package, const PackagedDisk& disk, const ImageOptions& options,
                      PackagedContent content, const LongRead& work, const FormatList& formats) {
    if (content == PackagedContent::checked) package.check_disk(disk, work);
    ImageFile file = package.open_disk(disk, work);
    FormatDecision decision = decide_packaged(file, disk, formats);
    const std::vector<std::string>& warnings = package.warnings();
    decision.warnings.insert(decision.warnings.begin(), warnings.begin(), warnings.end());
    if (auto doubt = package.size_doubt(disk, file.source->size())) decision.warnings.push_back(*std::move(doubt));
    return open_chain(std::move(file), std::move(decision), package.references(), options, formats);
}

}  // namespace

OpenedImage open_disk(std::shared_ptr<const PackageReader> package, LayerInfo package_layer,
                      const ImageOptions& options, const PackageOptions& which, const LongRead& work,
                      const FormatList& formats) {
    const PackagedDisk& disk = package->find_disk(which.member);
    OpenedImage image =
        disk.file ? open_file(*package, disk, options, which.content, work, formats) : open_empty(*package, disk);
    image.layers.insert(image.layers.begin(), std::move(package_layer));
    image.member = disk.name;
    image.package = std::move(package);
    return image;
}

}  // namespace varve::appliance
