#include "formats/lvm/relations.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve::lvm {
namespace {

const LogicalVolume& named(const VolumeGroup& group, const std::string& name, const LogicalVolume& by,
                           std::string_view role) {
    if (const LogicalVolume* volume = group.find_volume(name)) return *volume;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the metadata of volume group '{}' names '{}' as the {} of '{}', but there is no such volume; "
                    "restore the metadata with 'vgcfgrestore'",
                    group.name, name, role, by.name));
}

}  // namespace

const ThinSegment* thin_segment_of(const LogicalVolume& volume) {
    return volume.segments.size() == 1 ? std::get_if<ThinSegment>(&volume.segments.front().what) : nullptr;
}

Relations::Relations(const VolumeGroup& group) : group_(group) {
    for (const LogicalVolume& volume : group.volumes) {
        const auto* segment = std::get_if<SnapshotSegment>(&volume.segments.front().what);
        if (segment == nullptr) continue;
        const LogicalVolume& store = named(group, segment->store, volume, "store");
        const LogicalVolume& origin = named(group, segment->origin, volume, "origin");
        if (snapshot_in(store) != nullptr)
            throw Error(ErrorCode::corrupt,
                        fmt::format("the metadata of volume group '{}' has two snapshots with the store '{}'; restore "
                                    "the metadata with 'vgcfgrestore'",
                                    group.name, store.name));
        classic_.push_back({&store, &origin, volume.size, segment->chunk_size, segment->is_merging});
    }
}

const ClassicSnapshot* Relations::snapshot_in(const LogicalVolume& volume) const {
    const auto found = std::ranges::find(classic_, &volume, &ClassicSnapshot::store);
    return found == classic_.end() ? nullptr : &*found;
}

const ClassicSnapshot* Relations::merging_into(const LogicalVolume& origin) const {
    for (const ClassicSnapshot& snapshot : classic_)
        if (snapshot.origin == &origin && snapshot.is_merging) return &snapshot;
    return nullptr;
}

const LogicalVolume* Relations::thin_merging_into(const LogicalVolume& volume) const {
    for (const LogicalVolume& other : group_.volumes) {
        const ThinSegment* thin = thin_segment_of(other);
        if (thin != nullptr && thin->merges_into == volume.name) return &other;
    }
    return nullptr;
}

std::vector<const LogicalVolume*> Relations::snapshots_of(const LogicalVolume& origin) const {
    std::vector<const LogicalVolume*> snapshots;
    for (const LogicalVolume& volume : group_.volumes)
        if (origin_of(volume) == &origin) snapshots.push_back(&volume);
    std::ranges::stable_sort(snapshots, {}, &LogicalVolume::creation_time);
    return snapshots;
}

const LogicalVolume* Relations::origin_of(const LogicalVolume& volume) const {
    if (const ClassicSnapshot* snapshot = snapshot_in(volume)) return snapshot->origin;
    const ThinSegment* thin = thin_segment_of(volume);
    return thin != nullptr && thin->origin ? group_.find_volume(*thin->origin) : nullptr;
}

ByteCount Relations::size_of(const LogicalVolume& volume) const {
    const ClassicSnapshot* snapshot = snapshot_in(volume);
    return snapshot != nullptr ? snapshot->size : volume.size;
}

}  // namespace varve::lvm
