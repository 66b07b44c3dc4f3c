// The metadata of thin pools written by a real kernel, compared with recorded values and thin_dump: blocks, superblock,
// devices and mappings.

#include <numeric>

#include "tests/catch.h"
#include "tests/formats/lvm/thin/thin_support.h"

namespace varve::thin::test {
namespace {

std::map<DeviceId, BlockNumber> roots_of(const Pool& pool) {
    std::map<DeviceId, BlockNumber> roots;
    for (const Device& device : pool.devices.list()) roots[device.id] = device.mapping_root;
    return roots;
}

std::uint64_t mapped_blocks(const std::vector<MappingRun>& runs) {
    return std::accumulate(runs.begin(), runs.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const MappingRun& run) { return sum + run.length; });
}

/// Block and time to which a virtual block is mapped.
std::pair<std::uint64_t, std::uint32_t> mapping_of(const Mapping& mapping, std::uint64_t block) {
    const MappingRun run = mapping.run_at(block, block + 1);
    REQUIRE(run.is_mapped);
    return {run.data_block, run.time};
}

void agrees_with_thin_dump(const Pool& pool, const MetadataFile& file) {
    const auto dump = file.dump();
    const std::vector<Device> devices = pool.devices.list();
    REQUIRE(devices.size() == dump.size());
    for (Device device : devices) {
        CAPTURE(device.id);
        REQUIRE(pool.devices.find(device.id) == device);
        const auto runs = mapped_runs(Mapping(pool.blocks, device));
        CHECK((runs == dump.at(device.id).runs));
        CHECK(mapped_blocks(runs) == device.mapped_blocks);
        device.mapping_root = 0;
        CHECK((device == dump.at(device.id).device));
    }
}

}  // namespace

TEST_CASE("thin: the superblocks of the fixture have the expected values", "[lvm][thin]") {
    const Superblock pool = fixture_pool("pool").superblock;
    CHECK(pool.version == 2);
    CHECK(pool.time == 11);
    CHECK(pool.transaction_id == 20);
    CHECK(pool.held_root == 0);
    CHECK(pool.data_mapping_root == 524);
    CHECK(pool.device_details_root == 529);
    CHECK(pool.data_block_size == kib(64));
    CHECK(pool.data_block_count == 1408);
    const Superblock pool2 = fixture_pool("pool2").superblock;
    CHECK(pool2.time == 2);
    CHECK(pool2.transaction_id == 3);
    CHECK(pool2.data_mapping_root == 52);
    CHECK(pool2.device_details_root == 55);
    CHECK(pool2.data_block_size == kib(192));
    CHECK(pool2.data_block_count == 192);
    CHECK(pool.digest != pool2.digest);
}

TEST_CASE("thin: the superblocks of the fixture have the expected checksums", "[lvm][thin]") {
    const auto checksum = [](const std::string& volume) {
        return block_checksum(ByteView(volume_bytes(volume)).first(metadata_block_bytes), BlockKind::superblock);
    };
    CHECK(checksum("pool_tmeta") == 0xc1f04aca);
    CHECK(checksum("pool2_tmeta") == 0xb26a93f2);
}

TEST_CASE("thin: the devices of the fixture have the expected roots", "[lvm][thin]") {
    CHECK((roots_of(fixture_pool("pool")) == std::map<DeviceId, BlockNumber>{{1, 525},
                                                                             {2, 34},
                                                                             {3, 79},
                                                                             {4, 144},
                                                                             {5, 194},
                                                                             {6, 200},
                                                                             {7, 259},
                                                                             {8, 234},
                                                                             {9, 300},
                                                                             {10, 271},
                                                                             {11, 289},
                                                                             {12, 355},
                                                                             {13, 329},
                                                                             {15, 367},
                                                                             {16, 414},
                                                                             {17, 403}}));
    CHECK((roots_of(fixture_pool("pool2")) == std::map<DeviceId, BlockNumber>{{1, 53}, {2, 24}, {3, 41}}));
}

TEST_CASE("thin: mappings of the fixture have the expected values", "[lvm][thin]") {
    using Place = std::pair<std::uint64_t, std::uint32_t>;
    const Pool pool = fixture_pool("pool");
    const Mapping t0 = pool.mapping(2);
    CHECK(mapping_of(t0, 0) == Place{0, 0});
    CHECK(mapping_of(t0, 16) == Place{16, 0});
    CHECK(mapping_of(t0, 80) == Place{80, 0});
    CHECK(mapping_of(t0, 1023) == Place{320, 0});
    CHECK(mapped_blocks(mapped_runs(t0)) == 321);
    const Mapping vm1 = pool.mapping(1);
    CHECK(mapping_of(vm1, 0) == Place{0, 0});
    CHECK(mapping_of(vm1, 16) == Place{321, 1});
    CHECK(mapping_of(vm1, 80) == Place{329, 1});
    CHECK(mapping_of(vm1, 1023) == Place{320, 0});
    CHECK(mapped_blocks(mapped_runs(vm1)) == 351);
}

TEST_CASE("thin: every device of the fixture maps what thin_dump reports", "[lvm][thin]") {
    for (const std::string name : {"pool", "pool2"}) {
        CAPTURE(name);
        agrees_with_thin_dump(fixture_pool(name), MetadataFile(volume_bytes(name + "_tmeta")));
    }
}

TEST_CASE("thin: a run ends at the requested end", "[lvm][thin]") {
    const Mapping t0 = fixture_pool("pool").mapping(2);
    CHECK(t0.run_at(0, 5) == MappingRun{0, 5, true, 0, 0});
    CHECK(t0.run_at(3, 5) == MappingRun{3, 2, true, 3, 0});
    CHECK(t0.run_at(400, 500) == MappingRun{400, 100, false, 0, 0});
    CHECK(Mapping::nothing().run_at(7, 100) == MappingRun{7, 93, false, 0, 0});
}

TEST_CASE("thin: the message about a missing device names the device", "[lvm][thin]") {
    const Pool pool = fixture_pool("pool");
    CHECK(pool.devices.contains(13));
    CHECK_FALSE(pool.devices.contains(14));
    try {
        static_cast<void>(pool.devices.find(14));
        FAIL("found");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::not_found);
        CHECK_THAT(error.what(), ContainsSubstring("'pool' at byte 0") && ContainsSubstring("no device with id 14") &&
                                     ContainsSubstring("thin_dump"));
    }
}

}  // namespace varve::thin::test
