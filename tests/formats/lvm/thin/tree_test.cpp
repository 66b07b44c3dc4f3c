// Trees larger and stranger than those of the fixture: made by thin_restore from generated XML, then changed, sharing
// nodes like the kernel. thin_dump and thin_delta are the oracles.

#include <random>

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/formats/lvm/thin/editor.h"
#include "tests/formats/lvm/thin/thin_support.h"

namespace varve::thin::test {
namespace {

constexpr unsigned tree_seed = 20261122;

/// Maps the virtual blocks of one device to data block and time.
using BlockMap = std::map<std::uint64_t, NewMapping>;

std::string xml_of(const std::map<DeviceId, BlockMap>& devices, std::uint32_t chunk_sectors) {
    std::string xml = fmt::format(
        "<superblock uuid=\"\" time=\"99\" transaction=\"5\" flags=\"0\" version=\"2\" "
        "data_block_size=\"{}\" nr_data_blocks=\"4000000\">\n",
        chunk_sectors);
    for (const auto& [id, map] : devices) {
        xml += fmt::format(
            "<device dev_id=\"{}\" mapped_blocks=\"{}\" transaction=\"{}\" creation_time=\"{}\" "
            "snap_time=\"99\">\n",
            id, map.size(), id % 7, id % 5);
        for (const auto& [block, place] : map)
            xml += fmt::format("<single_mapping origin_block=\"{}\" data_block=\"{}\" time=\"{}\"/>\n", block,
                               place.data_block, place.time);
        xml += "</device>\n";
    }
    return xml + "</superblock>\n";
}

/// `count` mappings in runs with gaps of odd lengths, starting at `first` and at data block `data_block`.
BlockMap scattered(std::mt19937_64& random, std::size_t count, std::uint64_t first, std::uint64_t data_block) {
    BlockMap map;
    std::uint64_t block = first;
    while (map.size() < count) {
        block += random() % 100 == 0 ? random() % 100'000 : random() % 7;
        if (random() % 4 == 0) data_block += random() % 3;
        const auto time = static_cast<std::uint32_t>(random() % 2);
        for (std::uint64_t length = random() % 9 + 1; length != 0 && map.size() < count; --length)
            map[block++] = {data_block++, time};
    }
    return map;
}

/// `map` with about `count` blocks moved, unmapped or added, like the writes of a day.
BlockMap written(std::mt19937_64& random, BlockMap map, std::size_t count, std::uint64_t data_block) {
    for (std::size_t i = 0; i < count; ++i) {
        auto at = map.lower_bound(random() % (map.rbegin()->first + 1));
        const std::uint64_t what = random() % 3;
        if (what == 0) at->second = {data_block + i, 5};
        if (what == 1 && map.size() > 1) map.erase(at);
        if (what == 2) map[at->first + 1] = {data_block + i, 6};
    }
    return map;
}

std::vector<MappingRun> runs_of(const BlockMap& map) {
    std::vector<MappingRun> runs;
    for (const auto& [block, place] : map) {
        const bool continues = !runs.empty() && runs.back().end() == block && runs.back().time == place.time &&
                               runs.back().data_block + runs.back().length == place.data_block;
        if (continues)
            ++runs.back().length;
        else
            runs.push_back({block, 1, true, place.data_block, place.time});
    }
    return runs;
}

/// Moves, unmaps and adds a few blocks all over a device.
Edits spread_edits(std::mt19937_64& random, const BlockMap& map, std::size_t count, std::uint64_t data_block) {
    Edits edits;
    while (edits.size() < count) {
        const std::uint64_t block = map.lower_bound(random() % (map.rbegin()->first + 1))->first + random() % 2;
        if (random() % 4 == 0)
            edits[block] = std::nullopt;
        else
            edits[block] = NewMapping{data_block++, 99};
    }
    return edits;
}

/// Reads all changes of a pair with an empty cache; returns how many metadata blocks were read.
std::uint64_t blocks_to_compare(const Bytes& metadata, DeviceId before, DeviceId now) {
    const Pool pool = open_pool(metadata);
    const Device device = pool.devices.find(before);
    const Device other = pool.devices.find(now);
    const std::uint64_t read_to_open = pool.blocks->blocks_read();
    const ByteCount size{std::uint64_t{1} << 50};
    const Changes changes(pool.blocks, {device, other, device.snapshotted_time, kib(64), size, size});
    for (ByteOffset at; at.value < size.value;) at = changes.change_at(at).end();
    return pool.blocks->blocks_read() - read_to_open;
}

std::uint64_t blocks_to_walk(const Bytes& metadata, DeviceId id) {
    const Pool pool = open_pool(metadata);
    const Mapping mapping = pool.mapping(id);
    const std::uint64_t read_to_open = pool.blocks->blocks_read();
    mapped_runs(mapping);
    return pool.blocks->blocks_read() - read_to_open;
}

/// Metadata with a device 1 of `count` mappings, its snapshots 2, 3, ..., and devices that are still empty.
MetadataEditor pool_with_one_device(std::size_t count, BlockMap& map, DeviceId devices) {
    std::mt19937_64 random(tree_seed);
    map = scattered(random, count, 0, 0);
    std::map<DeviceId, BlockMap> all{{1, map}};
    for (DeviceId id = 2; id <= devices; ++id) all[id] = {};
    return MetadataEditor(MetadataFile(xml_of(all, 128), 1024 + count / 60).bytes());
}

}  // namespace

TEST_CASE("thin trees: a million mappings in twenty devices are what thin_dump reports", "[lvm][thin]") {
    std::mt19937_64 random(tree_seed);
    std::map<DeviceId, BlockMap> devices;
    BlockMap map = scattered(random, 50'000, 3, 0);
    for (DeviceId i = 0; i < 20; ++i) {
        devices[i < 10 ? i : device_id_max - i] = map;
        map = written(random, std::move(map), 500, 1'000'000 + i * 1000);
    }
    const MetadataFile file(xml_of(devices, 384), 20'000);
    const Pool pool = open_pool(file.bytes());
    CHECK(pool.superblock.data_block_size == kib(192));
    const auto dump = file.dump();
    CHECK(dump.size() == 20);
    for (const auto& [id, blocks] : devices) {
        CAPTURE(id);
        const auto runs = mapped_runs(pool.mapping(id));
        CHECK((runs == dump.at(id).runs));
        CHECK((runs == runs_of(blocks)));
        CHECK(pool.devices.find(id).mapped_blocks == blocks.size());
    }
    check_against_thin_delta(pool, file, 0, 1);
    check_against_thin_delta(pool, file, 0, device_id_max - 19);
    check_against_thin_delta(pool, file, device_id_max - 10, 3);
}

TEST_CASE("thin trees: snapshots that share nodes differ where thin_delta reports", "[lvm][thin]") {
    std::mt19937_64 random(tree_seed);
    BlockMap map;
    MetadataEditor editor = pool_with_one_device(100'000, map, 20);
    for (DeviceId id = 2; id <= 20; ++id) {
        editor.snapshot(id % 4 == 0 ? id / 2 : 1, id, 99 + id);
        editor.edit(1, spread_edits(random, map, 20, 2'000'000 + 1000 * id));
        if (id % 3 == 0) editor.edit(id, spread_edits(random, map, 5, 3'000'000 + 1000 * id));
    }
    const MetadataFile file(editor.bytes());
    const Pool pool = open_pool(editor.bytes());
    const auto dump = file.dump();
    for (const auto& [id, device] : dump) CHECK((mapped_runs(pool.mapping(id)) == device.runs));
    for (const auto& [before, now] : std::vector<std::pair<DeviceId, DeviceId>>{
             {1, 2}, {2, 1}, {2, 3}, {2, 20}, {6, 12}, {12, 6}, {8, 16}, {16, 8}, {19, 20}, {20, 1}, {5, 5}}) {
        CAPTURE(before, now);
        check_against_thin_delta(pool, file, before, now);
    }
}

TEST_CASE("thin trees: devices whose trees differ in height share nodes too", "[lvm][thin]") {
    std::mt19937_64 random(tree_seed);
    std::map<DeviceId, BlockMap> devices;
    devices[1] = scattered(random, 30'000, 0, 0);
    devices[2] = scattered(random, 30'000, devices[1].rbegin()->first + 1000, 100'000);
    devices[3] = {};
    devices[4] = {};
    MetadataEditor editor(MetadataFile(xml_of(devices, 128), 2000).bytes());
    editor.set_root(3, editor.join(editor.root(1), editor.root(2)));
    editor.set_root(4, editor.root(3));
    editor.edit(4, {{devices[1].begin()->first, NewMapping{7, 1}}, {devices[2].rbegin()->first, std::nullopt}});
    const MetadataFile file(editor.bytes());
    const Pool pool = open_pool(editor.bytes());
    CHECK(mapping_tree(pool.blocks, pool.devices.find(3)).height() ==
          mapping_tree(pool.blocks, pool.devices.find(1)).height() + 1);
    for (const auto& [before, now] :
         std::vector<std::pair<DeviceId, DeviceId>>{{1, 3}, {3, 1}, {1, 4}, {4, 1}, {2, 3}, {3, 4}, {1, 2}}) {
        CAPTURE(before, now);
        check_against_thin_delta(pool, file, before, now);
    }
    // Nothing below the root of 1 is read, because that node is also in the tree of 3.
    CHECK(blocks_to_compare(editor.bytes(), 1, 3) <= blocks_to_walk(editor.bytes(), 2) + 8);
    CHECK(blocks_to_walk(editor.bytes(), 1) > 100);
}

TEST_CASE("thin trees: the work grows with the difference, not with the pool", "[lvm][thin]") {
    for (const std::size_t mappings : std::vector<std::size_t>{3'000, 30'000, 200'000}) {
        BlockMap map;
        MetadataEditor editor = pool_with_one_device(mappings, map, 2);
        editor.snapshot(1, 2, 100);
        CHECK(blocks_to_compare(editor.bytes(), 2, 1) == 0);
        std::mt19937_64 random(tree_seed);
        for (const std::size_t changes : std::vector<std::size_t>{1, 10, 40}) {
            const Pool pool = open_pool(editor.bytes());
            const std::uint64_t levels = mapping_tree(pool.blocks, pool.devices.find(1)).height() + 1;
            MetadataEditor changed = editor;
            changed.edit(1, spread_edits(random, map, changes, 2'000'000));
            CAPTURE(mappings, changes, levels);
            const std::uint64_t blocks = blocks_to_compare(changed.bytes(), 2, 1);
            CHECK(blocks >= 2 * levels);
            CHECK(blocks <= 2 * levels * (changes + 1));
        }
    }
}

}  // namespace varve::thin::test
