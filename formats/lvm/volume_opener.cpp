#include "formats/lvm/volume_opener.h"

#include <fcntl.h>
#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/lvm/cow_snapshot_reader.h"
#include "formats/lvm/refusal.h"
#include "formats/lvm/segment_reader.h"
#include "formats/lvm/thin/reader.h"
#include "formats/raw/reader.h"

namespace varve::lvm {
namespace {

constexpr std::size_t depth_max = 16;

/// Nodes of about four million mappings: a backup walks what differs three times, to know it, to audit it, to read it.
constexpr ByteCount pool_nodes_max = mib(64);

/// `count` times `size`; the text was checked to be no larger than a disk can be, its sums were not.
std::uint64_t bytes_of_extents(const VolumeGroup& group, const LogicalVolume& volume, ExtentNumber count) {
    if (const auto bytes = checked_mul(count, group.extent_size.value)) return *bytes;
    throw Error(ErrorCode::corrupt, fmt::format("{} has a segment at extent {}, which no device can have; restore the "
                                                "metadata with 'vgcfgrestore'",
                                                quoted_name(group, volume), count));
}

void check_chunks(const ThinPool& pool) {
    if (!pool.superblock || pool.superblock->data_block_size == pool.chunk_size) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("its superblock has chunks of {} bytes, the metadata of the group {}; restore the one that is "
                    "wrong ('vgcfgrestore', 'lvconvert --repair')",
                    pool.superblock->data_block_size.value, pool.chunk_size.value));
}

/// The pool does what the metadata of the group says only afterwards, one transaction at a time.
void check_transaction(const ThinPool& pool, const ThinPoolSegment& segment) {
    if (!pool.superblock) return;
    const std::uint64_t behind = segment.transaction_id - pool.superblock->transaction_id;
    if (behind == 0 || (behind == 1 && segment.has_messages)) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("its superblock is of transaction {}, the metadata of the group of {}: the two are not of one "
                    "time; restore the one that is older ('vgcfgrestore', 'lvconvert --repair')",
                    pool.superblock->transaction_id, segment.transaction_id));
}

}  // namespace

class VolumeOpener::Opening {
public:
    Opening(VolumeOpener& opener, const LogicalVolume& volume) : opener_(opener) {
        const bool is_cycle = std::ranges::find(opener.opening_, &volume) != opener.opening_.end();
        if (is_cycle || opener.opening_.size() == depth_max)
            throw Error(ErrorCode::corrupt,
                        fmt::format("{} stands on itself, or on more than {} volumes one above the other; restore the "
                                    "metadata with 'vgcfgrestore'",
                                    quoted_name(opener.group(), volume), depth_max));
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
        fmt::format("{} stands on '{}', which the metadata of its group does not have; restore the metadata with "
                    "'vgcfgrestore'",
                    quoted_name(group(), by), escape_for_display(name)));
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
    warn(fmt::format("the snapshot {} is being merged into {}, which is read as it will be then",
                     quoted_name(group(), *merging->store), quoted_name(group(), volume)));
    return open_snapshot(*merging);
}

std::shared_ptr<const ImageReader> VolumeOpener::open_snapshot(const ClassicSnapshot& snapshot) {
    auto origin = open_plain(*snapshot.origin);
    if (origin->info().virtual_size < snapshot.size)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("the snapshot {} has {} bytes, its origin {} was made smaller since ({} bytes): what the "
                        "snapshot shows past that is gone",
                        quoted_name(group(), *snapshot.store), snapshot.size.value,
                        quoted_name(group(), *snapshot.origin), origin->info().virtual_size.value));
    return std::make_shared<CowSnapshotReader>(std::move(origin), open_store(snapshot));
}

/// Of a thin volume the pool is active or not; its own device tells nothing more.
std::shared_ptr<const ImageReader> VolumeOpener::open_active(const LogicalVolume& volume) {
    if (!active_ || thin_segment_of(volume) != nullptr) return nullptr;
    const auto device = active_(group().uuid, volume.uuid, "");
    if (!device) return nullptr;
    if (relations_.snapshot_in(volume) == nullptr)
        warn(fmt::format("{} is active on this host and may be written to while it is read: back up a snapshot of it",
                         quoted_name(group(), volume)));
    return std::make_shared<RawReader>(File::open(*device, O_RDONLY));
}

std::shared_ptr<const ImageReader> VolumeOpener::open_plain(const LogicalVolume& volume) {
    refuse_moving(group(), volume);
    if (const ThinSegment* thin = thin_segment_of(thin_source(volume))) return open_thin(volume, *thin);
    return open_segments(volume).bytes;
}

NamedDevice VolumeOpener::open_segments(const LogicalVolume& volume) {
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
    const std::string name = fmt::format("{}/{}", escape_for_display(group().name), escape_for_display(volume.name));
    return device_of(std::make_shared<SegmentReader>(name, std::move(mapped)));
}

NamedDevice VolumeOpener::open_leg(const LogicalVolume& volume, const StripeLeg& leg, ExtentNumber extents,
                                   ByteOffset& begin) {
    const PhysicalVolumeEntry* entry = group().find_physical_volume(leg.device);
    if (entry == nullptr) {
        begin = {bytes_of_extents(group(), volume, leg.begin)};
        return open_segments(find(leg.device, volume));
    }
    const std::string uuid = escape_for_display(entry->uuid);
    const auto end = checked_add(leg.begin, extents);
    if (!end || *end > entry->extent_count)
        throw Error(
            ErrorCode::corrupt,
            fmt::format("{} has extents {} to {} of physical volume {}, which has {}; restore the metadata with "
                        "'vgcfgrestore'",
                        quoted_name(group(), volume), leg.begin, leg.begin + extents, uuid, entry->extent_count));
    const auto& there = found_.volumes[static_cast<std::size_t>(entry - group().physical_volumes.data())];
    if (!there)
        throw Error(ErrorCode::not_found,
                    fmt::format("{} needs physical volume {} ('{}'), which is missing; name its disk with --pv, too",
                                quoted_name(group(), volume), uuid, escape_for_display(entry->name)));
    begin = entry->first_extent + ByteCount{bytes_of_extents(group(), volume, leg.begin)};
    return there->device;
}

std::shared_ptr<const ExceptionStore> VolumeOpener::open_store(const ClassicSnapshot& snapshot) {
    auto& store = stores_[snapshot.store->name];
    if (store) return store;
    try {
        store = std::make_shared<ExceptionStore>(open_segments(*snapshot.store),
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
        warn(fmt::format("the snapshot {} is to be merged into {}, which is read as it will be then",
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
            fmt::format("the metadata of volume group '{}' names '{}' as a thin pool, and it is none; restore the "
                        "metadata with 'vgcfgrestore'",
                        escape_for_display(group().name), escape_for_display(thin.pool)));
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
    pool->data = open_segments(find(facts.data, volume)).bytes;
    pool->blocks = std::make_shared<thin::MetadataBlocks>(open_segments(find(facts.metadata, volume)), caches_);
    const bool is_active = active_ && active_(group().uuid, volume.uuid, "tpool");
    try {
        pool->superblock = thin::read_superblock(
            *pool->blocks, is_active ? thin::SuperblockChoice::held : thin::SuperblockChoice::main);
    } catch (const Error& error) {
        if (!is_active || error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::refused,
                    "the pool is active on this host, and its metadata changes while it is read; reserve a metadata "
                    "snapshot first ('dmsetup message VG-POOL-tpool 0 reserve_metadata_snap'; examples/lvm-nightly.sh "
                    "does all that is needed)");
    }
    check_chunks(*pool);
    // A metadata snapshot may be older than the metadata of the group.
    if (!is_active) check_transaction(*pool, facts);
    return pool;
}

}  // namespace varve::lvm
