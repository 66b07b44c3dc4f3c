#include "formats/lvm/logical_disk.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "formats/lvm/refusal.h"

namespace varve::lvm {
namespace {

/// The group as its physical volumes describe it now; nullopt if it no longer exists.
std::optional<VolumeGroup> read_again(const FoundGroup& found) {
    std::vector<PhysicalVolume> volumes;
    for (const auto& volume : found.volumes)
        if (volume) volumes.push_back(*volume);
    for (FoundGroup& group : take_inventory(std::move(volumes)).groups)
        if (group.group.uuid == found.group.uuid) return std::move(group.group);
    return std::nullopt;
}

/// Anything done in a pool changes the pool's own entry, but no other volume of it.
bool is_pool(const LogicalVolume& volume) {
    return std::holds_alternative<ThinPoolSegment>(volume.segments.front().what);
}

/// The name of the classic snapshot that is being merged into `volume`; empty if there is none.
std::string merged_snapshot(const Relations& relations, const LogicalVolume& volume) {
    const ClassicSnapshot* merging = relations.merging_into(volume);
    return merging != nullptr ? merging->store->name : "";
}

bool is_the_same(const Relations& before, const LogicalVolume& used, const Relations& now,
                 const LogicalVolume& volume) {
    return used.uuid == volume.uuid && (is_pool(used) || used.segments == volume.segments) &&
           merged_snapshot(before, used) == merged_snapshot(now, volume);
}

}  // namespace

std::vector<std::string> LogicalDisk::late_warnings() const {
    std::vector<std::string> all;
    for (const auto& volume : found_->volumes) {
        const auto* device = volume ? dynamic_cast<const ReaderSource*>(volume->device.get()) : nullptr;
        if (device == nullptr) continue;
        for (std::string& sentence : device->reader().late_warnings())
            if (std::ranges::count(all, sentence) == 0) all.push_back(std::move(sentence));  // two partitions of a disk
    }
    return all;
}

void LogicalDisk::check_unchanged() const {
    reader_->check_unchanged();
    const auto now = read_again(*found_);
    if (now && now->seqno == found_->group.seqno) return;
    const Relations relations(now ? *now : found_->group);
    for (const LogicalVolume* used : opener_->used()) {
        const LogicalVolume* volume = now ? now->find_volume(used->name) : nullptr;
        if (volume != nullptr && is_the_same(opener_->relations(), *used, relations, *volume)) continue;
        throw Error(ErrorCode::refused,
                    fmt::format("the metadata of {} in its volume group changed while it was read; try again",
                                quoted_name(found_->group, *used)));
    }
}

}  // namespace varve::lvm
