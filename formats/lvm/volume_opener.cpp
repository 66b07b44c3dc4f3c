#include "formats/lvm/volume_opener.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/guard/file_source.h"
#include "formats/lvm/cow_snapshot_reader.h"
#include "formats/lvm/refusal.h"
#include "formats/lvm/segment_reader.h"
#include "formats/lvm/thin/reader.h"
#include "formats/raw/reader.h"

namespace varve::lvm {
namespace {

using thin::SuperblockChoice;

constexpr std::size_t stack_depth_max = 16;

/// Nodes of about four million mappings: a backup walks the differences three times, to find, to audit and to read
/// them.
constexpr ByteCount pool_nodes_max = mib(64);

/// The size of `count` extents. The parser checked each number, but not sums of them.
std::uint64_t bytes_of_extents(const VolumeGroup& group, const LogicalVolume& volume, ExtentNumber count) {
    if (const auto bytes = checked_mul(count, group.extent_size.value)) return *bytes;
    throw Error(ErrorCode::corrupt, fmt::format("{} has a segment at extent {}, beyond any device; restore the "
                                                "metadata with 'vgcfgrestore'",
                                                quoted_name(group, volume), count));
}

void check_chunks(const ThinPool& pool) {
    if (!pool.superblock || pool.superblock->data_block_size == pool.chunk_size) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("its superblock has chunks of {} bytes, the group's metadata has chunks of {} bytes; restore the "
                    "one that is wrong ('vgcfgrestore', 'lvconvert --repair')",
                    pool.superblock->data_block_size.value, pool.chunk_size.value));
}

/// The group's metadata is written first; the pool follows, one transaction at a time.
void check_transaction(const ThinPool& pool, const ThinPoolSegment& segment) {
    if (!pool.superblock) return;
    const std::uint64_t behind = segment.transaction_id - pool.superblock->transaction_id;
    if (behind == 0 || (behind == 1 && segment.has_messages)) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("its superblock is of transaction {}, the group's metadata of transaction {}: they are not from "
                    "the same moment; restore the older one ('vgcfgrestore', 'lvconvert --repair')",
                    pool.superblock->transaction_id, segment.transaction_id));
}

std::optional<thin::Superblock> read_held_superblock(const thin::MetadataBlocks& blocks) {
    try {
        return thin::read_superblock(blocks, SuperblockChoice::held);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::refused,
                    "the pool is active on this host, so its metadata changes while it is read; reserve a metadata "
                    "snapshot first ('dmsetup message VG-POOL-tpool 0 reserve_metadata_snap'; examples/lvm-nightly.sh "
                    "does everything needed)");
    }
}

}  // namespace

class VolumeOpener::Opening {
public:
    Opening(VolumeOpener& opener, const LogicalVolume& volume) : opener_(opener) {
        const bool is_cycle = std::ranges::find(opener.opening_, &volume) != opener.opening_.end();
        if (is_cycle || opener.opening_.size() == stack_depth_max)
            throw Error(ErrorCode::corrupt,
                        fmt::format("{} is based on itself, or on a stack of more than {} volumes; restore the "
                                    "metadata with 'vgcfgrestore'",
                                    quoted_name(opener.group(), volume), stack_depth_max));
        opener.opening_.push_back(&volume);
        opener.used_.insert(&volume);
    }
    ~Opening() { opener_.opening_.pop_back(); }
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;

private:
    VolumeOpener& opener_;
};

VolumeOpener::VolumeOpener(const FoundGroup& found, ActiveDevice active)
    : found_(found),
      relations_(found.group),
      active_(std::move(active)),
      caches_(std::make_shared<ReadCaches>(pool_nodes_max)) {}

void VolumeOpener::warn(std::string sentence) {
    if (std::ranges::find(warnings_, sentence) == warnings_.end()) warnings_.push_back(std::move(sentence));
}

const LogicalVolume& VolumeOpener::find(const std::string& name, const LogicalVolume& by) const {
    if (const LogicalVolume* volume = group().find_volume(name)) return *volume;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("{} is based on '{}', which the metadata of its group does not have; restore the metadata with "
                    "'vgcfgrestore'",
                    quoted_name(group(), by), name));
}

std::shared_ptr<const ImageReader> VolumeOpener::open(const LogicalVolume& volume) {
    try {
        return open_presented(volume);
    } catch (Error& error) {
        const std::string name = quoted_name(group(), volume);
        if (std::string_view(error.what()).find(name) == std::string_view::npos) error.with_context(name);
        throw;
    }
}

std::shared_ptr<const ImageReader> VolumeOpener::open_presented(const LogicalVolume& volume) {
    refuse_moving(group(), volume);
    if (auto active = open_active(volume)) return active;
    if (const ClassicSnapshot* snapshot = relations_.snapshot_in(volume)) return open_snapshot(*snapshot);
    const ClassicSnapshot* merging = relations_.merging_into(volume);
    if (merging == nullptr) return open_plain(volume);
    warn(fmt::format("the snapshot {} is being merged into {}, which is read as it will be after the merge",
                     quoted_name(group(), *merging->store), quoted_name(group(), volume)));
    return open_snapshot(*merging);
}

std::shared_ptr<const ImageReader> VolumeOpener::open_snapshot(const ClassicSnapshot& snapshot) {
    auto origin = open_plain(*snapshot.origin);
    if (origin->info().virtual_size < snapshot.size)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("the snapshot {} has {} bytes, but its origin {} was shrunk to {} bytes since, so the rest of "
                        "the snapshot is lost",
                        quoted_name(group(), *snapshot.store), snapshot.size.value,
                        quoted_name(group(), *snapshot.origin), origin->info().virtual_size.value));
    return std::make_shared<CowSnapshotReader>(std::move(origin), open_store(snapshot));
}

/// For a thin volume, only the pool matters: whether the volume's own device is active makes no difference.
std::shared_ptr<const ImageReader> VolumeOpener::open_active(const LogicalVolume& volume) {
    if (!active_ || thin_segment_of(volume) != nullptr) return nullptr;
    const auto device = active_(group().uuid, volume.uuid, "");
    if (!device) return nullptr;
    if (relations_.snapshot_in(volume) == nullptr)
        warn(fmt::format("{} is active on this host and may change while it is read: back up a snapshot of it instead",
                         quoted_name(group(), volume)));
    return std::make_shared<raw::Reader>(open_file_source(*device));
}

std::shared_ptr<const ImageReader> VolumeOpener::open_plain(const LogicalVolume& volume) {
    refuse_moving(group(), volume);
    if (const ThinSegment* thin = thin_segment_of(thin_source(volume))) return open_thin(volume, *thin);
    return open_segments(volume);
}

std::shared_ptr<const SegmentReader> VolumeOpener::open_segments(const LogicalVolume& volume) {
    const Opening opening(*this, volume);
    refuse_moving(group(), volume);
    std::vector<MappedSegment> mapped;
    for (const Segment& segment : volume.segments) {
        const auto* striped = std::get_if<StripedSegment>(&segment.what);
        const bool is_read = striped != nullptr || std::holds_alternative<ZeroSegment>(segment.what);
        if (!is_read || !segment.flags.empty()) throw unread_segment(group(), volume, segment);
        MappedSegment piece;
        piece.range = {{bytes_of_extents(group(), volume, segment.begin)},
                       {bytes_of_extents(group(), volume, segment.count)}};
        if (striped != nullptr) {
            piece.stripe_size = striped->stripe_size;
            const ExtentNumber extents = divide_up(segment.count, striped->legs.size());
            for (const StripeLeg& leg : striped->legs) {
                SegmentLeg& to = piece.legs.emplace_back();
                to.device = open_leg(volume, leg, extents, to.begin);
            }
        }
        mapped.push_back(std::move(piece));
    }
    return std::make_shared<SegmentReader>(group().name + "/" + volume.name, std::move(mapped));
}

ByteSourcePtr VolumeOpener::open_leg(const LogicalVolume& volume, const StripeLeg& leg, ExtentNumber extents,
                                     ByteOffset& begin) {
    const PhysicalVolumeEntry* entry = group().find_physical_volume(leg.device);
    if (entry == nullptr) {
        begin = {bytes_of_extents(group(), volume, leg.begin)};
        return source_of(open_segments(find(leg.device, volume)));
    }
    const auto end = checked_add(leg.begin, extents);
    if (!end || *end > entry->extent_count)
        throw Error(
            ErrorCode::corrupt,
            fmt::format("{} uses extents {} to {} of physical volume {}, which has only {}; restore the metadata with "
                        "'vgcfgrestore'",
                        quoted_name(group(), volume), leg.begin, leg.begin + extents, entry->uuid,
                        entry->extent_count));
    const auto& found = found_.volumes[static_cast<std::size_t>(entry - group().physical_volumes.data())];
    if (!found)
        throw Error(ErrorCode::not_found,
                    fmt::format("{} needs physical volume {} ('{}'), which is missing; specify its disk with --pv too",
                                quoted_name(group(), volume), entry->uuid, entry->name));
    begin = entry->first_extent + ByteCount{bytes_of_extents(group(), volume, leg.begin)};
    return found->device;
}

std::shared_ptr<const ExceptionStore> VolumeOpener::open_store(const ClassicSnapshot& snapshot) {
    auto& store = stores_[snapshot.store->name];
    if (store) return store;
    try {
        store = std::make_shared<ExceptionStore>(source_of(open_segments(*snapshot.store)),
                                                 SnapshotShape{snapshot.size, snapshot.chunk_size});
    } catch (Error& error) {
        error.with_context("snapshot " + quoted_name(group(), *snapshot.store));
        throw;
    }
    return store;
}

const LogicalVolume& VolumeOpener::thin_source(const LogicalVolume& volume) const {
    const LogicalVolume* merging = relations_.thin_merging_into(volume);
    return merging != nullptr ? *merging : volume;
}

std::shared_ptr<const ImageReader> VolumeOpener::open_thin(const LogicalVolume& volume, const ThinSegment& segment) {
    const Opening opening(*this, volume);
    const LogicalVolume& source = thin_source(volume);
    if (&source != &volume)
        warn(fmt::format("the snapshot {} will be merged into {}, which is read as it will be after the merge",
                         quoted_name(group(), source), quoted_name(group(), volume)));
    const auto pool = open_pool(segment);
    std::shared_ptr<const ImageReader> origin;
    if (segment.external_origin) origin = open_plain(find(*segment.external_origin, volume));
    thin::Mapping mapping = thin::Mapping::nothing();
    if (pool->superblock) {
        const thin::Devices devices(pool->blocks, *pool->superblock);
        mapping = thin::Mapping(pool->blocks, devices.find(segment.device_id));
    }
    return std::make_shared<thin::Reader>(
        thin::Disk{segment.device_id, std::move(mapping), pool->chunk_size, source.size, pool->data, origin});
}

std::shared_ptr<const ThinPool> VolumeOpener::open_pool(const ThinSegment& thin) {
    auto& pool = pools_[thin.pool];
    if (pool) return pool;
    const LogicalVolume* volume = group().find_volume(thin.pool);
    if (volume == nullptr || !std::holds_alternative<ThinPoolSegment>(volume->segments.front().what))
        throw Error(
            ErrorCode::corrupt,
            fmt::format("the metadata of volume group '{}' names '{}' as a thin pool, but it is not one; restore the "
                        "metadata with 'vgcfgrestore'",
                        group().name, thin.pool));
    try {
        pool = make_pool(*volume, volume->segments.front());
    } catch (Error& error) {
        error.with_context("thin pool " + quoted_name(group(), *volume));
        throw;
    }
    return pool;
}

std::shared_ptr<const ThinPool> VolumeOpener::make_pool(const LogicalVolume& volume, const Segment& segment) {
    const auto& facts = std::get<ThinPoolSegment>(segment.what);
    refuse_moving(group(), volume);
    const bool is_known = std::ranges::all_of(segment.flags, [](const auto& flag) { return flag == "CROP_METADATA"; });
    if (!is_known) throw unread_segment(group(), volume, segment);
    auto pool = std::make_shared<ThinPool>();
    pool->volume = &volume;
    pool->chunk_size = facts.chunk_size;
    pool->data = open_segments(find(facts.data, volume));
    pool->blocks =
        std::make_shared<thin::MetadataBlocks>(source_of(open_segments(find(facts.metadata, volume))), caches_);
    const bool is_active = active_ && active_(group().uuid, volume.uuid, "tpool");
    pool->superblock =
        is_active ? read_held_superblock(*pool->blocks) : thin::read_superblock(*pool->blocks, SuperblockChoice::main);
    check_chunks(*pool);
    // A metadata snapshot may be older than the metadata of the group.
    if (!is_active) check_transaction(*pool, facts);
    return pool;
}

}  // namespace varve::lvm
