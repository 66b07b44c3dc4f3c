#include "formats/lvm_volume.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/lvm_change_source.h"
#include "formats/lvm_disk.h"
#include "formats/lvm_disks.h"
#include "formats/lvm_refusal.h"
#include "formats/lvm_source_name.h"

namespace varve::lvm {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Nodes of about four million mappings: a backup walks what differs three times, to know it, to audit it, to read it.
constexpr ByteCount pool_nodes_max = mib(64);

/// Of an untrusted text; nothing for one that was not recorded or is out of range.
std::optional<std::int64_t> creation_time_ns(const LogicalVolume& volume) {
    constexpr std::int64_t seconds_max = 1LL << 33;
    if (volume.creation_time <= 0 || volume.creation_time > seconds_max) return std::nullopt;
    return volume.creation_time * second_ns;
}

std::string names_of(const Inventory& inventory) {
    std::vector<std::string> names;
    for (const FoundGroup& found : inventory.groups) names.push_back("'" + escape_for_display(found.group.name) + "'");
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

const FoundGroup& find_group(const Inventory& inventory, const std::string& name) {
    const FoundGroup* found = nullptr;
    for (const FoundGroup& group : inventory.groups) {
        if (group.group.name != name) continue;
        if (found != nullptr)
            throw Error(
                ErrorCode::refused,
                fmt::format("there are two volume groups of the name '{}' ({} and {}); name the disks of one of "
                            "them alone with --pv",
                            escape_for_display(name), escape_for_display(found->group.uuid),
                            escape_for_display(group.group.uuid)));
        found = &group;
    }
    if (found != nullptr) return *found;
    const std::string damage = inventory.warnings.empty() ? "" : fmt::format("; {}", inventory.warnings.front());
    throw Error(ErrorCode::not_found, fmt::format("there is no volume group '{}' on these disks; found: {}{}",
                                                  escape_for_display(name), names_of(inventory), damage));
}

const LogicalVolume& find_volume(const VolumeGroup& group, const std::string& name) {
    if (const LogicalVolume* volume = group.find_volume(name)) return *volume;
    throw Error(ErrorCode::not_found,
                fmt::format("there is no volume '{}' in volume group '{}'; 'varve info lvm:{}' lists them",
                            escape_for_display(name), escape_for_display(group.name), escape_for_display(group.name)));
}

/// One that the user chose among the snapshots of `origin`.
const LogicalVolume& find_snapshot(const VolumeOpener& opener, const LogicalVolume& origin, const std::string& wanted) {
    for (const LogicalVolume* snapshot : opener.relations().snapshots_of(origin))
        if (wanted == snapshot->name || wanted == "id:" + snapshot->uuid) return *snapshot;
    throw Error(ErrorCode::not_found, fmt::format("{} has no snapshot '{}'; 'varve info lvm:{}' lists them",
                                                  shown_name(opener.group(), origin), escape_for_display(wanted),
                                                  escape_for_display(opener.group().name)));
}

void refuse_unfit_options(const OpenOptions& options) {
    if (options.format && *options.format != "raw")
        throw Error(ErrorCode::usage, "a logical volume is read as raw; leave --format out");
}

void refuse_shared(const VolumeGroup& group) {
    if (group.lock_type)
        throw Error(ErrorCode::unsupported,
                    fmt::format("volume group '{}' is shared by hosts (lock type '{}'), and another one may be writing "
                                "to it; back up the device of an active snapshot instead",
                                escape_for_display(group.name), escape_for_display(*group.lock_type)));
}

ByteCount size_of(const VolumeOpener& opener, const LogicalVolume& volume) {
    const ClassicSnapshot* snapshot = opener.relations().snapshot_in(volume);
    return snapshot != nullptr ? snapshot->size : volume.size;
}

ImageInfo info_of(const VolumeOpener& opener, const LogicalVolume& volume, const ImageReader& reader) {
    ImageInfo info;
    info.format = "raw";
    info.virtual_size = reader.info().virtual_size;
    info.cluster_size = reader.info().cluster_size;
    if (opener.relations().origin_of(volume) != nullptr)
        info.state = fmt::format("lvm {} {}", opener.group().uuid, volume.uuid);
    for (const LogicalVolume* snapshot : opener.relations().snapshots_of(volume))
        info.snapshots.push_back(
            {snapshot->uuid, snapshot->name, size_of(opener, *snapshot), creation_time_ns(*snapshot).value_or(0)});
    return info;
}

void add_warnings(ImageInfo& info, const std::vector<std::string>& warnings) {
    info.warnings.insert(info.warnings.end(), warnings.begin(), warnings.end());
}

std::string type_of(const VolumeOpener& opener, const LogicalVolume& volume) {
    if (opener.relations().snapshot_in(volume) != nullptr) return "snapshot";
    const Segment& first = volume.segments.front();
    const auto* striped = std::get_if<StripedSegment>(&first.what);
    return striped != nullptr && striped->legs.size() == 1 ? "linear" : first.type;
}

/// Users see snapshots by their stores, which are not marked visible, and pools.
bool is_listed(const VolumeOpener& opener, const LogicalVolume& volume) {
    const bool is_record = std::holds_alternative<SnapshotSegment>(volume.segments.front().what);
    return (volume.is_visible() && !is_record) || opener.relations().snapshot_in(volume) != nullptr ||
           std::holds_alternative<ThinPoolSegment>(volume.segments.front().what) ||
           opener.relations().origin_of(volume) != nullptr;
}

ListedVolume describe(VolumeOpener& opener, const LogicalVolume& volume) {
    ListedVolume listed;
    listed.group = opener.group().name;
    listed.group_uuid = opener.group().uuid;
    listed.name = volume.name;
    listed.uuid = volume.uuid;
    listed.size = size_of(opener, volume);
    listed.type = type_of(opener, volume);
    for (const Segment& segment : volume.segments)
        if (std::ranges::find(listed.segment_types, segment.type) == listed.segment_types.end())
            listed.segment_types.push_back(segment.type);
    if (const LogicalVolume* origin = opener.relations().origin_of(volume)) listed.origin = origin->name;
    if (const ThinSegment* thin = thin_segment_of(volume)) listed.pool = thin->pool;
    listed.time_ns = creation_time_ns(volume);
    try {
        refuse_shared(opener.group());
        opener.open(volume);
    } catch (const Error& error) {
        listed.why_unreadable = error.what();
    }
    return listed;
}

void list_physical_volumes(const FoundGroup& found, VolumeList& list) {
    for (std::size_t i = 0; i < found.volumes.size(); ++i)
        list.physical_volumes.push_back({found.group.name, found.group.uuid, found.group.physical_volumes[i].uuid,
                                         found.volumes[i] ? found.volumes[i]->shown() : ""});
}

}  // namespace

OpenedImage open_volume(const std::string& name, const OpenOptions& options) {
    const SourceName wanted = parse_source_name(name);
    if (wanted.volume.empty())
        throw Error(ErrorCode::usage, fmt::format("'{}' is no single volume: say lvm:VG/LV; 'varve info {}' lists them",
                                                  escape_for_display(name), escape_for_display(name)));
    refuse_unfit_options(options);
    OpenedDisks disks = open_disks(options);
    if (options.same_file && disks.layers.front().identity != *options.same_file)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' became another file while it was read; try again when nothing "
                                "replaces it",
                                escape_for_display(disks.layers.front().path)));
    const auto found = std::make_shared<const FoundGroup>(find_group(disks.inventory, wanted.group));
    refuse_shared(found->group);
    const auto opener =
        std::make_shared<VolumeOpener>(*found, disks.active, std::make_shared<ReadCaches>(pool_nodes_max));
    const LogicalVolume* volume = &find_volume(found->group, wanted.volume);
    if (options.snapshot) volume = &find_snapshot(*opener, *volume, *options.snapshot);
    std::shared_ptr<const ImageReader> reader = opener->open(*volume);

    OpenedImage image;
    ImageInfo info = info_of(*opener, *volume, *reader);
    add_warnings(info, reader->info().warnings);
    add_warnings(info, disks.inventory.warnings);
    add_warnings(info, found->warnings);
    add_warnings(info, opener->warnings());
    image.changes = std::make_unique<LvmChangeSource>(found, opener, *volume, info.virtual_size);
    image.reader = std::make_unique<LvmDisk>(std::move(reader), std::move(info), found, opener);
    image.layers = std::move(disks.layers);
    return image;
}

VolumeList list_volumes(const std::string& name, const OpenOptions& options) {
    const SourceName wanted = parse_source_name(name);
    refuse_unfit_options(options);
    const OpenedDisks disks = open_disks(options);
    if (!wanted.group.empty()) find_group(disks.inventory, wanted.group);
    VolumeList list;
    list.warnings = disks.inventory.warnings;
    for (const FoundGroup& found : disks.inventory.groups) {
        if (!wanted.group.empty() && found.group.name != wanted.group) continue;
        list.warnings.insert(list.warnings.end(), found.warnings.begin(), found.warnings.end());
        const VolumeGroup& group = found.group;
        list.groups.push_back({group.name, group.uuid, group.seqno, group.extent_size, group.is_exported()});
        list_physical_volumes(found, list);
        VolumeOpener opener(found, disks.active, std::make_shared<ReadCaches>(pool_nodes_max));
        for (const LogicalVolume& volume : group.volumes)
            if (is_listed(opener, volume)) list.volumes.push_back(describe(opener, volume));
    }
    if (wanted.group.empty())
        for (const PhysicalVolume& orphan : disks.inventory.orphans)
            list.physical_volumes.push_back({"", "", orphan.uuid, orphan.shown()});
    return list;
}

}  // namespace varve::lvm
