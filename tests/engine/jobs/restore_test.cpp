#include "engine/jobs/restore.h"

#include <cstdio>

#include "engine/base/error.h"
#include "engine/repository/map_page.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;

namespace {

constexpr std::uint64_t disk_bytes = (40u << 20) + 1234;  // three leaves of the map, the last chunk short

struct World {
    World() : host(backend), disk(disk_bytes) {
        disk.write_random(random, 0, 5 * chunk_bytes);
        disk.write_random(random, (16u << 20) - 3 * chunk_bytes, 6 * chunk_bytes);  // over a leaf's end
        disk.clear(20u << 20, 2u << 20, ExtentKind::zero);
        disk.write_random(random, (disk_bytes - chunk_bytes) / 4096 * 4096, 4096);
        snapshot = host.backup(disk, "d", 1);
    }

    Bytes part(ByteRange range) {
        fakes::MemoryTarget target(range.length.value);
        restore(host.repository, snapshot, target, host.progress, {}, range);
        REQUIRE(target.is_finished);
        return target.image.bytes();
    }

    bool is_right(ByteRange range) {
        const Bytes found = part(range);
        return std::equal(found.begin(), found.end(),
                          disk.bytes().begin() + static_cast<std::ptrdiff_t>(range.begin.value));
    }

    std::mt19937_64 random{20261122};
    MemoryBackend backend;
    test::TestRepository host;
    fakes::MemoryImage disk;
    SnapshotRecord snapshot;
};

}  // namespace

TEST_CASE("restore: any range has the bytes that the disk has there", "[engine][restore]") {
    World world;
    CHECK(world.is_right({{0}, {disk_bytes}}));
    CHECK(world.is_right({{0}, {1}}));
    CHECK(world.is_right({{disk_bytes - 1}, {1}}));
    CHECK(world.is_right({{(16u << 20) - 5}, {10}}));
    CHECK(world.is_right({{chunk_bytes}, {3 * chunk_bytes}}));
    constexpr std::uint64_t seed = 4711;
    std::printf("restore range test: seed %llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    for (int i = 0; i < 30; ++i) {
        const std::uint64_t begin = random() % disk_bytes;
        const std::uint64_t length = 1 + random() % (disk_bytes - begin);
        CAPTURE(begin, length);
        CHECK(world.is_right({{begin}, {length}}));
    }
}

TEST_CASE("restore: the check of what is restored notices any byte that differs, also where nothing is written",
          "[engine][restore]") {
    World world;
    Bytes expected = world.disk.bytes();
    CHECK(world.host.restores_to(world.snapshot, expected));
    for (const std::size_t at : {std::size_t{17}, std::size_t{10} << 20, std::size_t{21} << 20, expected.size() - 1}) {
        CAPTURE(at);
        expected[at] ^= std::byte{1};
        CHECK_FALSE(world.host.restores_to(world.snapshot, expected));
        expected[at] ^= std::byte{1};
    }
    expected.pop_back();
    CHECK_FALSE(world.host.restores_to(world.snapshot, expected));
}

TEST_CASE("restore: a range is as thin as the disk there", "[engine][restore]") {
    World world;
    fakes::MemoryTarget target(4u << 20);
    restore(world.host.repository, world.snapshot, target, world.host.progress, {}, ByteRange{{19u << 20}, mib(4)});
    CHECK(target.image.extent_at({0}) == Extent{{0}, mib(1), ExtentKind::unallocated});
    CHECK(target.image.extent_at({1 << 20}) == Extent{{1 << 20}, mib(2), ExtentKind::zero});
    CHECK(target.image.extent_at({3 << 20}) == Extent{{3 << 20}, mib(1), ExtentKind::unallocated});
}

TEST_CASE("restore: a range past the end of the disk is refused with its size", "[engine][restore]") {
    SnapshotRecord snapshot;
    snapshot.disk = "d";
    snapshot.size = {1000};
    check_range(snapshot, {{0}, {1000}});
    check_range(snapshot, {{999}, {1}});
    for (const ByteRange& range : {ByteRange{{0}, {1001}}, ByteRange{{1000}, {1}}, ByteRange{{1001}, {1}},
                                   ByteRange{{1}, {~std::uint64_t{0}}}, ByteRange{{~std::uint64_t{0}}, {1}}}) {
        CAPTURE(range.begin.value, range.length.value);
        CHECK_THROWS_WITH(check_range(snapshot, range), ContainsSubstring("has 1000 bytes"));
    }
}

TEST_CASE("restore: bytes that could not be read from the source are reported if they are in the restored part",
          "[engine][restore]") {
    World world;
    world.snapshot.unreadable = {{{4096}, {512}}, {{1 << 20}, {1024}}};
    world.part({{0}, {4096}});
    CHECK(world.host.progress.warnings.empty());
    world.part({{4000}, {200}});
    REQUIRE(world.host.progress.warnings.size() == 1);
    CHECK_THAT(world.host.progress.warnings[0], ContainsSubstring("104 bytes of disk 'd' could not be read"));
    world.part({{0}, {disk_bytes}});
    REQUIRE(world.host.progress.warnings.size() == 2);
    CHECK_THAT(world.host.progress.warnings[1], ContainsSubstring("1536 bytes"));
}

TEST_CASE("restore: a forged size, root or map is refused before anything is written", "[engine][restore]") {
    World world;
    const auto refuse = [&](const SnapshotRecord& forged, const std::string& part) {
        fakes::MemoryTarget target(forged.size.value);
        CHECK_THROWS_WITH(restore(world.host.repository, forged, target, world.host.progress, {}),
                          ContainsSubstring(part));
        CHECK_FALSE(target.is_finished);
        CHECK(is_zero(target.image.bytes()));
    };
    for (const std::uint64_t size : {disk_bytes - 1, disk_bytes + 1, disk_bytes / 2, 2 * disk_bytes}) {
        SnapshotRecord forged = world.snapshot;
        forged.size = {size};
        refuse(forged, "the size or the root was changed");
    }
    SnapshotRecord other_root = world.snapshot;
    other_root.root.bytes[5] ^= std::byte{1};
    refuse(other_root, "the size or the root was changed");

    SnapshotRecord too_small = world.snapshot;  // with a root to match
    too_small.size = {20u << 20};
    too_small.root = root_identity(too_small.size, too_small.map_digest);
    refuse(too_small, "past the disk's end");

    SnapshotRecord other_map = world.snapshot;
    other_map.map_digest.bytes[0] ^= std::byte{1};
    other_map.root = root_identity(other_map.size, other_map.map_digest);
    refuse(other_map, "expected digest");
}
