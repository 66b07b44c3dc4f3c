#include "formats/open_image.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/appliance/open_disk.h"
#include "formats/chain/named_image.h"
#include "formats/guard/file_source.h"
#include "formats/lvm/open_volume.h"
#include "formats/lvm/volume_list.h"
#include "formats/lvm/volume_name.h"
#include "formats/snapshot_change_source.h"

namespace varve {
namespace {

std::shared_ptr<const appliance::PackageReader> make_package(NamedImage image, const OpenOptions& options) {
    return std::make_shared<const appliance::PackageReader>(std::move(image.file), std::move(image.references),
                                                            options.package.manifest);
}

void refuse_member(const OpenOptions& options, const std::string& path) {
    if (options.package.member)
        throw Error(ErrorCode::usage,
                    fmt::format("--member names a disk in an appliance (.ova or .ovf), and '{}' is not one", path));
}

OpenedImage open_disk(NamedImage image, const OpenOptions& options, const FormatList& formats) {
    if (formats.at(image.decision.format).use != FormatUse::package) {
        refuse_member(options, image.file.place.path);
        return open_chain_of(std::move(image), options.image, formats);
    }
    NoProgress none;
    const appliance::LongRead work{options.progress != nullptr ? *options.progress : none, options.stop};
    LayerInfo layer{image.file.place.path, image.decision.format, image.file.source->identity().file,
                    LayerRole::package};
    return appliance::open_disk(make_package(std::move(image), options), std::move(layer), options.image,
                                options.package, work, formats);
}

/// Opens a disk that holds a part of a volume group, in any format that is read.
lvm::OpenDisk physical_disk_opener(const FormatList& formats) {
    return [&formats](const std::string& path, const ImageOptions& options) {
        OpenOptions opening;
        opening.image = options;
        return open_image_chain(path, opening, formats);
    };
}

/// Opens the image inside the volume, in the format that `options` specify. It has no change source: those of LVM
/// report changes of the volume's bytes, not of the guest's.
OpenedImage open_inside_volume(const std::string& path, const OpenOptions& options, const FormatList& formats) {
    require_known_option(options.image.format, formats.openable(), "--format");
    lvm::VolumeImage volume =
        lvm::open_volume_image(path, options.image, options.volume, physical_disk_opener(formats), formats);
    OpenedImage image = open_disk({std::move(volume.references), std::move(volume.image), {*options.image.format, {}}},
                                  options, formats);
    for (LayerInfo& layer : image.layers) layer.identity = volume.disks.front().identity;
    image.layers.insert(image.layers.end(), volume.disks.begin(), volume.disks.end());
    return image;
}

}  // namespace

std::shared_ptr<const appliance::PackageReader> open_package(const std::string& path, const OpenOptions& options,
                                                             const FormatList& formats) {
    if (lvm::is_volume_name(path)) return nullptr;
    NamedImage image = open_named_file(path, options.image, formats);
    return formats.at(image.decision.format).use == FormatUse::package ? make_package(std::move(image), options)
                                                                       : nullptr;
}

OpenedImage open_image_chain(const std::string& path, const OpenOptions& options, const FormatList& formats) {
    require_known_option(options.image.backing_format, formats.readable(), "--backing-format");
    if (lvm::is_volume_name(path)) {
        if (options.image.format.value_or("raw") != "raw") return open_inside_volume(path, options, formats);
        refuse_member(options, path);
        return lvm::open_volume(path, options.image, options.volume, physical_disk_opener(formats), formats);
    }
    OpenedImage image = open_disk(open_named_file(path, options.image, formats), options, formats);
    const ImageInfo& info = image.reader->info();
    const bool shows_changes = formats.at(image.layers.front().format).changes_between_states != nullptr;
    if (!image.package && !info.snapshots.empty() && shows_changes)
        image.changes = std::make_unique<StateChangeSource>(path, options.image, image.layers, info.state, formats);
    return image;
}

OpenedImage open_lone_image(File file, const OpenOptions& options, const FormatList& formats) {
    require_known_option(options.image.format, formats.openable(), "--format");
    auto source = std::make_shared<const FileSource>(std::move(file));
    FormatDecision decision = decide_nameless(*source, options.image.format, formats);
    NamedImage image{std::make_unique<NoReferences>(), {std::move(source), {}}, std::move(decision)};
    image.file.place = {image.file.source->name(), image.file.source->name(), {}};
    return open_disk(std::move(image), options, formats);
}

lvm::VolumeList list_logical_volumes(const std::string& name, const OpenOptions& options, const FormatList& formats) {
    return lvm::list_volumes(name, options.image, options.volume, physical_disk_opener(formats), formats);
}

std::unique_ptr<ImageReader> open_image(const std::string& path, const OpenOptions& options,
                                        const FormatList& formats) {
    return std::move(open_image_chain(path, options, formats).reader);
}

}  // namespace varve
