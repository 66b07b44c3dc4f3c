#include "formats/lvm/volume_change_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/lvm/refusal.h"
#include "formats/lvm/snapshot_changes.h"
#include "formats/lvm/thin/changes.h"

namespace varve::lvm {
namespace {

constexpr std::string_view way_out = "keep the newest snapshot back until the next night, and do not write to it";

ChangesSince cannot_tell(std::string why) { return {nullptr, "", std::move(why)}; }

}  // namespace

const LogicalVolume* VolumeChangeSource::find_by_uuid(const std::string& uuid) const {
    const auto found = std::ranges::find(group().volumes, uuid, &LogicalVolume::uuid);
    return found == group().volumes.end() ? nullptr : &*found;
}

Bytes VolumeChangeSource::token() const {
    if (const ClassicSnapshot* snapshot = opener_->relations().snapshot_in(volume_))
        return encode(CowToken{group().uuid, volume_.uuid, snapshot->origin->uuid});
    const LogicalVolume& source = opener_->thin_source(volume_);
    const ThinSegment* thin = thin_segment_of(source);
    if (thin == nullptr) return {};
    const auto pool = opener_->open_pool(*thin);
    if (!pool->superblock) return {};
    const thin::Device device = thin::Devices(pool->blocks, *pool->superblock).find(thin->device_id);
    return encode(ThinToken{group().uuid, pool->volume->uuid, source.uuid, device, size_});
}

ChangesSince VolumeChangeSource::changed_since(ByteView token) const {
    if (const auto thin = parse_thin_token(token)) return since_thin(*thin);
    if (const auto cow = parse_cow_token(token)) return since_snapshot(*cow);
    return {};
}

ChangesSince VolumeChangeSource::since_thin(const ThinToken& token) const {
    const LogicalVolume& source = opener_->thin_source(volume_);
    const ThinSegment* now = thin_segment_of(source);
    if (now == nullptr || token.group_uuid != group().uuid) return {};
    const auto pool = opener_->open_pool(*now);
    if (!pool->superblock || token.pool_uuid != pool->volume->uuid) return {};
    const LogicalVolume* former = find_by_uuid(token.volume_uuid);
    const thin::Devices devices(pool->blocks, *pool->superblock);
    if (former == nullptr || !devices.contains(token.device.id))
        return cannot_tell(fmt::format(
            "the thin snapshot of the last time is gone from the pool: everything is compared; {}", way_out));
    const thin::Device before = devices.find(token.device.id);
    if (before.transaction_id != token.device.transaction_id || before.creation_time != token.device.creation_time ||
        before.snapshotted_time != token.device.snapshotted_time)
        return cannot_tell(
            fmt::format("{}, which was backed up the last time, was merged or had a snapshot taken of "
                        "itself since: everything is compared",
                        quoted_name(group(), *former)));
    const ThinSegment* then = thin_segment_of(*former);
    const bool one_origin = then != nullptr && then->external_origin == now->external_origin;
    auto changes = std::make_unique<thin::Changes>(
        pool->blocks, thin::DevicePair{before, devices.find(now->device_id), token.device.snapshotted_time,
                                       pool->chunk_size, token.size, size_,
                                       one_origin ? thin::ExternalOrigins::same : thin::ExternalOrigins::different});
    if (!changes->before_is_untouched(token.device.mapped_blocks))
        return cannot_tell(
            fmt::format("{}, which was backed up the last time, was written to since: everything is "
                        "compared; {}",
                        quoted_name(group(), *former), way_out));
    return {std::move(changes), "thin", ""};
}

ChangesSince VolumeChangeSource::since_snapshot(const CowToken& token) const {
    if (token.group_uuid != group().uuid) return {};
    const Relations& relations = opener_->relations();
    const ClassicSnapshot* now = relations.snapshot_in(volume_);
    const LogicalVolume& origin = now != nullptr ? *now->origin : volume_;
    if (origin.uuid != token.origin_uuid) return {};
    const LogicalVolume* store = find_by_uuid(token.store_uuid);
    const ClassicSnapshot* before = store != nullptr ? relations.snapshot_in(*store) : nullptr;
    if (before == nullptr || before->origin != &origin)
        return cannot_tell(fmt::format("the snapshot of the last time is gone: everything is compared; {}", way_out));
    if (relations.merging_into(origin) != nullptr)
        return cannot_tell(
            fmt::format("a snapshot is being merged into {}: everything is compared", quoted_name(group(), origin)));
    try {
        const auto former = opener_->open_store(*before);
        auto changes = now != nullptr ? changes_to_snapshot(*former, *opener_->open_store(*now))
                                      : changes_to_origin(*former, size_);
        return {std::make_unique<RangeChanges>(std::move(changes)), "cow", ""};
    } catch (const Error& error) {
        if (error.code() != ErrorCode::refused) throw;
        return cannot_tell(fmt::format("{}; everything is compared", error.what()));
    }
}

}  // namespace varve::lvm
