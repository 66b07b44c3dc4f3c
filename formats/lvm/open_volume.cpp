#include "formats/lvm/open_volume.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "formats/chain/probe.h"
#include "formats/lvm/logical_disk.h"
#include "formats/lvm/refusal.h"
#include "formats/lvm/volume_change_source.h"
#include "formats/lvm/volume_name.h"
#include "formats/lvm/volume_references.h"

namespace varve::lvm {
namespace {

const LogicalVolume& find_volume(const VolumeGroup& group, const std::string& name) {
    if (const LogicalVolume* volume = group.find_volume(name)) return *volume;
    throw Error(ErrorCode::not_found,
                fmt::format("volume group '{0}' has no volume '{1}'; 'varve info lvm:{0}' lists those it has",
                            group.name, name));
}

/// The snapshot of `origin` that the user selected.
const LogicalVolume& find_snapshot(const VolumeOpener& opener, const LogicalVolume& origin, const std::string& wanted) {
    for (const LogicalVolume* snapshot : opener.relations().snapshots_of(origin))
        if (wanted == snapshot->name || wanted == "id:" + snapshot->uuid) return *snapshot;
    throw Error(ErrorCode::not_found, fmt::format("{} has no snapshot '{}'; 'varve info lvm:{}' lists those it has",
                                                  quoted_name(opener.group(), origin), wanted, opener.group().name));
}

ImageInfo info_of(const VolumeOpener& opener, const LogicalVolume& volume, const ImageReader& reader) {
    ImageInfo info;
    info.format = "raw";
    info.virtual_size = reader.info().virtual_size;
    info.cluster_size = reader.info().cluster_size;
    if (opener.relations().origin_of(volume) != nullptr)
        info.state = fmt::format("lvm {} {}", opener.group().uuid, volume.uuid);
    for (const LogicalVolume* snapshot : opener.relations().snapshots_of(volume))
        info.snapshots.push_back({snapshot->uuid, snapshot->name, opener.relations().size_of(*snapshot),
                                  snapshot->creation_time_ns().value_or(0)});
    return info;
}

void add_warnings(ImageInfo& info, const std::vector<std::string>& warnings) {
    info.warnings.insert(info.warnings.end(), warnings.begin(), warnings.end());
}

/// The group that a volume was named in, with its disks.
struct OpenedGroup {
    PhysicalDisks disks;
    std::shared_ptr<const FoundGroup> found;
    std::shared_ptr<VolumeOpener> opener;
};

OpenedGroup open_group(const VolumeName& wanted, const ImageOptions& options, const VolumeOptions& where,
                       const OpenDisk& open_disk, const FormatList& formats) {
    PhysicalDisks disks = open_physical_disks(options, where, open_disk, formats);
    if (options.same_file && disks.layers.front().identity != *options.same_file)
        throw Error(ErrorCode::refused, fmt::format("'{}' was replaced by another file while it was read; try again",
                                                    disks.layers.front().path));
    auto found = std::make_shared<const FoundGroup>(find_group(disks.inventory, wanted.group));
    refuse_shared(found->group);
    auto opener = std::make_shared<VolumeOpener>(*found, disks.active);
    return {std::move(disks), std::move(found), std::move(opener)};
}

/// An image saved as raw bytes would be restored as a disk that no machine boots from: the user decides.
void refuse_image_inside(const std::shared_ptr<const ImageReader>& volume, const std::string& name,
                         const FormatList& formats) {
    const FormatDescriptor* probed = probe_format(ReaderSource(volume, name), formats);
    if (probed == nullptr || probed->may_be_guest_data) return;
    const std::string way_out = formats.is_readable(probed->name)
                                    ? fmt::format("pass --format {} to read it as one, or --format raw", probed->name)
                                    : "this version of varve does not read those; pass --format raw";
    throw Error(ErrorCode::refused, fmt::format("'{}' has {} in it; {} to take the volume's bytes as they are", name,
                                                probed->noun, way_out));
}

}  // namespace

OpenedImage open_volume(const std::string& name, const ImageOptions& options, const VolumeOptions& where,
                        const OpenDisk& open_disk, const FormatList& formats) {
    const VolumeName wanted = parse_single_volume_name(name);
    auto [disks, found, opener] = open_group(wanted, options, where, open_disk, formats);
    const LogicalVolume* volume = &find_volume(found->group, wanted.volume);
    if (options.snapshot) volume = &find_snapshot(*opener, *volume, *options.snapshot);
    std::shared_ptr<const ImageReader> reader = opener->open(*volume);
    if (!options.format) refuse_image_inside(reader, name, formats);

    OpenedImage image;
    ImageInfo info = info_of(*opener, *volume, *reader);
    add_warnings(info, reader->info().warnings);
    add_warnings(info, disks.inventory.warnings);
    add_warnings(info, found->warnings);
    add_warnings(info, opener->warnings());
    image.changes = std::make_unique<VolumeChangeSource>(found, opener, *volume, info.virtual_size);
    image.reader = std::make_unique<LogicalDisk>(std::move(reader), std::move(info), found, opener);
    image.layers = std::move(disks.layers);
    return image;
}

VolumeImage open_volume_image(const std::string& name, const ImageOptions& options, const VolumeOptions& where,
                              const OpenDisk& open_disk, const FormatList& formats) {
    const VolumeName wanted = parse_single_volume_name(name);
    auto [disks, found, opener] = open_group(wanted, options, where, open_disk, formats);
    auto references = std::make_unique<const VolumeReferences>(found, opener);
    VolumeImage volume{references->open(find_volume(found->group, wanted.volume)), {}, std::move(disks.layers)};
    std::vector<std::string>& warnings = volume.image.warnings;
    warnings.insert(warnings.begin(), found->warnings.begin(), found->warnings.end());
    warnings.insert(warnings.begin(), disks.inventory.warnings.begin(), disks.inventory.warnings.end());
    volume.references = std::move(references);
    return volume;
}

}  // namespace varve::lvm
