#include "formats/lvm/volume_list.h"

#include <algorithm>

#include "engine/base/error.h"
#include "formats/lvm/refusal.h"
#include "formats/lvm/volume_name.h"

namespace varve::lvm {
namespace {

std::string type_of(const VolumeOpener& opener, const LogicalVolume& volume) {
    if (opener.relations().snapshot_in(volume) != nullptr) return "snapshot";
    const Segment& first = volume.segments.front();
    const auto* striped = std::get_if<StripedSegment>(&first.what);
    return striped != nullptr && striped->legs.size() == 1 ? "linear" : first.type;
}

/// Users know snapshots by their stores, which are not marked as visible, and pools.
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
    listed.size = opener.relations().size_of(volume);
    listed.type = type_of(opener, volume);
    for (const Segment& segment : volume.segments)
        if (std::ranges::find(listed.segment_types, segment.type) == listed.segment_types.end())
            listed.segment_types.push_back(segment.type);
    if (const LogicalVolume* origin = opener.relations().origin_of(volume)) listed.origin = origin->name;
    if (const ThinSegment* thin = thin_segment_of(volume)) listed.pool = thin->pool;
    listed.time_ns = volume.creation_time_ns();
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
                                         found.volumes[i] ? found.volumes[i]->place() : ""});
}

}  // namespace

VolumeList list_volumes(const std::string& name, const ImageOptions& options, const VolumeOptions& where,
                        const OpenDisk& open_disk, const FormatList& formats) {
    const VolumeName wanted = parse_volume_name(name);
    if (options.format && *options.format != "raw")
        throw Error(ErrorCode::usage, "volumes are listed without a format; omit --format");
    const PhysicalDisks disks = open_physical_disks(options, where, open_disk, formats);
    if (!wanted.group.empty()) find_group(disks.inventory, wanted.group);
    VolumeList list;
    list.warnings = disks.inventory.warnings;
    for (const FoundGroup& found : disks.inventory.groups) {
        if (!wanted.group.empty() && found.group.name != wanted.group) continue;
        list.warnings.insert(list.warnings.end(), found.warnings.begin(), found.warnings.end());
        const VolumeGroup& group = found.group;
        list.groups.push_back(
            {group.name, group.uuid, group.seqno, group.extent_size, group.is_exported(), use_by_other_hosts(group)});
        list_physical_volumes(found, list);
        VolumeOpener opener(found, disks.active);
        for (const LogicalVolume& volume : group.volumes)
            if (is_listed(opener, volume)) list.volumes.push_back(describe(opener, volume));
    }
    if (wanted.group.empty())
        for (const PhysicalVolume& orphan : disks.inventory.orphans)
            list.physical_volumes.push_back({"", "", orphan.uuid, orphan.place()});
    return list;
}

}  // namespace varve::lvm
