#include "formats/lvm/volume_change_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/lvm/refusal.h"
#include "formats/lvm/snapshot_changes.h"
#include "formats/lvm/thin/changes.h"

namespace varve::lvm {
namespace {

constexpr std::string_view advice = "keep the newest snapshot until the next backup, and do not write to it";

ChangesSince unknown_changes(std::string why) { return {nullptr, "", std::move(why)}; }

/// Whether nothing was done to the device but writing and discarding.
bool is_same_device(const thin::Device& then, const thin::Device& now) {
    return now.transaction_id == then.transaction_id && now.creation_time == then.creation_time &&
           now.snapshotted_time == then.snapshotted_time;
}

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
        return unknown_changes(fmt::format(
            "the thin snapshot of the last backup is gone from the pool: comparing everything; {}", advice));
    const thin::Device before = devices.find(token.device.id);
    if (!is_same_device(token.device, before))
        return unknown_changes(
            fmt::format("since the last backup, {} was merged or a snapshot of it was taken: comparing everything",
                        quoted_name(group(), *former)));
    return compare_thin({*pool, token, *former, before}, *now, devices.find(now->device_id));
}

ChangesSince VolumeChangeSource::compare_thin(const FormerThin& former, const ThinSegment& now,
                                              const thin::Device& device) const {
    const ThinSegment* then = thin_segment_of(former.volume);
    const bool one_origin = then != nullptr && then->external_origin == now.external_origin;
    const thin::Device& as_backed_up = former.token.device;
    auto changes = std::make_unique<thin::Changes>(
        former.pool.blocks,
        thin::DevicePair{former.device, device, as_backed_up.snapshotted_time, former.pool.chunk_size,
                         former.token.size, size_,
                         one_origin ? thin::ExternalOrigins::same : thin::ExternalOrigins::different});
    if (!changes->before_is_untouched(as_backed_up.mapped_blocks))
        return unknown_changes(fmt::format(
            "since the last backup, {} was changed (written to, trimmed or replaced): comparing everything; {}",
            quoted_name(group(), former.volume), advice));
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
        return unknown_changes(
            fmt::format("the snapshot of the last backup is gone: comparing everything; {}", advice));
    if (relations.merging_into(origin) != nullptr)
        return unknown_changes(
            fmt::format("a snapshot is being merged into {}: comparing everything", quoted_name(group(), origin)));
    try {
        const auto former = opener_->open_store(*before);
        auto changes = now != nullptr ? changes_to_snapshot(*former, *opener_->open_store(*now))
                                      : changes_to_origin(*former, size_);
        return {std::make_unique<RangeChanges>(std::move(changes)), "cow", ""};
    } catch (const Error& error) {
        if (error.code() != ErrorCode::refused) throw;
        return unknown_changes(fmt::format("{}; comparing everything", error.what()));
    }
}

}  // namespace varve::lvm
