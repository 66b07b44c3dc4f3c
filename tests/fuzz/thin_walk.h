#pragma once
/// What the fuzz target of thin pools does with one input. A test of tests/formats runs the corpus through it, so that
/// every build repeats past findings.

#include <algorithm>
#include <memory>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "formats/lvm/thin/changes.h"
#include "formats/lvm/thin/reader.h"
#include "tests/fakes/steady_image.h"

namespace varve::fuzz {

inline constexpr int devices_max = 4;
inline constexpr int steps_max = 200;
inline constexpr std::uint64_t virtual_blocks = 4000;

/// A disk in memory that borrows its bytes.
class ViewReader final : public fakes::SteadyImage {
public:
    explicit ViewReader(ByteView bytes) : bytes_(bytes) {
        info_.format = "raw";
        info_.virtual_size = {bytes.size()};
    }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        return {at, {bytes_.size() - at.value}, at.value < 100'000 ? ExtentKind::data : ExtentKind::unallocated};
    }
    void read(ByteOffset at, ByteSpan out) const override {
        VARVE_CHECK(at.value <= bytes_.size() && out.size() <= bytes_.size() - at.value);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
    }
    ByteCount bytes_read() const override { return {}; }

private:
    ByteView bytes_;
    ImageInfo info_;
};

/// The same metadata with every block's number and checksum correct, as an attacker would write it.
inline Bytes with_checksums(Bytes metadata) {
    constexpr std::size_t held_root_at = 56;
    const std::uint64_t held_root = load_le<std::uint64_t>(ByteView(metadata).subspan(held_root_at));
    for (std::size_t at = 0; at < metadata.size(); at += thin::metadata_block_bytes) {
        const ByteSpan block = ByteSpan(metadata).subspan(at, thin::metadata_block_bytes);
        const std::uint64_t number = at / thin::metadata_block_bytes;
        store_le<std::uint64_t>(block.subspan(8), number);
        const bool is_superblock = number == 0 || number == held_root;
        const auto kind = is_superblock ? thin::BlockKind::superblock : thin::BlockKind::btree_node;
        store_le<std::uint32_t>(block, thin::block_checksum(block, kind));
    }
    return metadata;
}

inline void walk_mapping(const thin::Mapping& mapping) {
    std::uint64_t block = 0;
    for (int steps = 0; steps < steps_max && block != thin::no_key; ++steps) {
        const thin::MappingRun run = mapping.run_at(block, thin::no_key);
        VARVE_CHECK(run.begin == block && run.length != 0 && run.length <= thin::no_key - block);
        VARVE_CHECK(run.is_mapped || (run.data_block == 0 && run.time == 0));
        block = run.end();
    }
}

/// A comparison's result for a run must match the mappings of its first and last block, where those are readable.
inline void check_run(const thin::ComparedRun& run, const thin::Mapping& before, const thin::Mapping& now) {
    using thin::BlockRelation;
    for (const std::uint64_t block : {run.begin, run.end() - 1}) {
        const thin::MappingRun a = before.run_at(block, block + 1);
        const thin::MappingRun b = now.run_at(block, block + 1);
        switch (run.relation) {
            case BlockRelation::in_shared_node:
                VARVE_CHECK(a == b);
                break;
            case BlockRelation::unmapped:
                VARVE_CHECK(!a.is_mapped && !b.is_mapped);
                break;
            case BlockRelation::same:
                VARVE_CHECK(a.is_mapped && b.is_mapped && a.data_block == b.data_block);
                break;
            case BlockRelation::different:
                VARVE_CHECK(a.is_mapped && b.is_mapped && a.data_block != b.data_block);
                break;
            case BlockRelation::before_only:
                VARVE_CHECK(a.is_mapped && !b.is_mapped);
                break;
            case BlockRelation::now_only:
                VARVE_CHECK(!a.is_mapped && b.is_mapped);
                break;
        }
    }
}

inline void compare(const std::shared_ptr<const thin::MetadataBlocks>& blocks, const thin::Device& before,
                    const thin::Device& now, thin::SharedNodes shared_nodes) {
    const thin::Comparison comparison(blocks, before, now, shared_nodes);
    const thin::Mapping mapping_before(blocks, before);
    const thin::Mapping mapping_now(blocks, now);
    std::uint64_t block = 0;
    for (int steps = 0; steps < steps_max && block != thin::no_key; ++steps) {
        const thin::ComparedPart part = comparison.part_at(block);
        const thin::ComparedRun run = part.run_at(block, thin::no_key);
        VARVE_CHECK(run.begin == block && run.length != 0 && run.end() <= part.end());
        check_run(run, mapping_before, mapping_now);
        block = run.end();
    }
}

inline void walk_changes(const std::shared_ptr<const thin::MetadataBlocks>& blocks, const thin::DevicePair& pair) {
    const thin::Changes changes(blocks, pair);
    const ByteOffset end = ByteOffset{} + pair.size_now;
    ByteOffset at;
    for (int steps = 0; steps < steps_max && at < end; ++steps) {
        const ChangeRun run = changes.change_at(at);
        VARVE_CHECK(run.begin == at && run.length.value != 0 && run.length <= end - at);
        at = run.end();
    }
    static_cast<void>(changes.before_is_untouched(pair.before.mapped_blocks));
}

/// Reads the beginning of every extent; anything but data must read as zeros.
inline void walk_disk(const thin::Reader& reader) {
    const ByteOffset end = ByteOffset{} + reader.info().virtual_size;
    Bytes buffer(5000);
    ByteOffset at;
    for (int steps = 0; steps < 100 && at < end; ++steps) {
        const Extent extent = reader.extent_at(at);
        VARVE_CHECK(extent.begin == at && extent.length.value != 0 && extent.length <= end - at);
        const ByteSpan piece =
            ByteSpan(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, 5000)));
        std::fill(piece.begin(), piece.end(), std::byte{0x5a});
        reader.read(at, piece);
        VARVE_CHECK(extent.kind == ExtentKind::data || is_zero(piece));
        at = extent.end();
    }
}

/// Runs `step`, which may throw Error.
template <typename Step>
void unless_damaged(Step step) {
    try {
        step();
    } catch (const Error&) {
    }
}

inline void walk_pool(const Bytes& metadata, thin::SuperblockChoice choice) {
    static const Bytes data(1 << 20, std::byte{7});
    const auto volume = std::make_shared<ViewReader>(data);
    const auto device = std::make_shared<const ReaderSource>(std::make_shared<ViewReader>(metadata), "input");
    const auto blocks = std::make_shared<const thin::MetadataBlocks>(device, std::make_shared<ReadCaches>());
    const auto superblock = thin::read_superblock(*blocks, choice);
    if (!superblock) return;
    std::vector<thin::Device> devices = thin::Devices(blocks, *superblock).list();
    if (devices.size() > devices_max) devices.resize(devices_max);
    const ByteCount chunk = superblock->data_block_size;
    for (const thin::Device& now : devices) {
        unless_damaged([&] { walk_mapping(thin::Mapping(blocks, now)); });
        const ByteCount size{virtual_blocks * chunk.value + 1};
        unless_damaged([&] {
            walk_disk(thin::Reader({now.id, thin::Mapping(blocks, now), chunk, size, volume, volume}));
        });
        const thin::Device& before = devices.front();
        for (const auto shared_nodes : {thin::SharedNodes::skip, thin::SharedNodes::look_into})
            unless_damaged([&] { compare(blocks, before, now, shared_nodes); });
        unless_damaged([&] {
            walk_changes(blocks, {before, now, before.snapshotted_time, chunk, size, {size.value + chunk.value}});
        });
    }
}

/// The input as a pool's metadata, as it is and with correct checksums; the last committed roots and the held ones.
inline void open_walk_compare(ByteView input) {
    Bytes metadata(input.begin(), input.end());
    metadata.resize(divide_up(std::max<std::size_t>(input.size(), 1), thin::metadata_block_bytes) *
                    thin::metadata_block_bytes);
    for (const Bytes& candidate : {metadata, with_checksums(metadata)})
        for (const auto choice : {thin::SuperblockChoice::main, thin::SuperblockChoice::held})
            unless_damaged([&] { walk_pool(candidate, choice); });
}

}  // namespace varve::fuzz
