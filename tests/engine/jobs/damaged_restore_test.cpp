// Restoring what is left of a damaged snapshot: every byte outside the findings is the disk's, every byte inside is
// zero, and what is intact is never given up.

#include <cstdio>
#include <cstring>

#include "engine/base/error.h"
#include "engine/jobs/restore.h"
#include "engine/repository/disk_map.h"
#include "store/pack/pack_names.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t damaged_disk_bytes = leaf_bytes + 5 * chunk_bytes + 1234;  // two leaves, a short chunk

/// A disk with data in each leaf, backed up three nights in small packs.
struct DamagedWorld {
    DamagedWorld() {
        SessionLimits small;
        small.slots_per_pack = 4;
        TestRepository host(backend, small);
        disk.write_random(random, 0, 9 * chunk_bytes);
        disk.write_random(random, leaf_bytes - chunk_bytes, 2 * chunk_bytes);
        disk.write_random(random, leaf_bytes + 3 * chunk_bytes, 2 * chunk_bytes);
        for (TimeNs night = 1; night <= 3; ++night) {
            disk.write_random(random, random() % 9 * chunk_bytes, 4096);
            snapshot = host.backup(disk, "web01/vda", night);
        }
    }

    void replace(const std::string& name, const Bytes& bytes) {
        backend.remove(name);
        REQUIRE(backend.put_if_absent(name, bytes) == PutResult::stored);
    }

    std::mt19937_64 random{20261130};
    MemoryBackend backend;
    fakes::MemoryImage disk{damaged_disk_bytes};
    SnapshotRecord snapshot;
};

/// Restores what is left. There are findings exactly if a whole restore fails.
std::vector<Finding> require_intact_rest(TestRepository& host, const SnapshotRecord& snapshot, const Bytes& disk) {
    fakes::MemoryTarget target(disk.size());
    const std::vector<Finding> findings =
        restore(host.repository, snapshot, target, host.progress, {}, {}, OnDamage::write_zeros);
    REQUIRE(target.is_finished);
    Bytes expected = disk;
    std::uint64_t end_before = 0;
    for (const Finding& finding : findings) {
        REQUIRE(finding.offset >= end_before);
        REQUIRE(finding.length > 0);
        REQUIRE(finding.disk == "web01/vda");
        REQUIRE_FALSE(finding.message.empty());
        end_before = finding.offset + finding.length;
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(finding.offset), finding.length, std::byte{0});
    }
    const Bytes& written = target.image.bytes();
    REQUIRE(std::memcmp(written.data(), expected.data(), expected.size()) == 0);
    bool is_whole = false;
    try {
        is_whole = host.restores_to(snapshot, disk);
    } catch (const Error& error) {
        REQUIRE(is_damaged_or_missing(error));
    }
    REQUIRE(findings.empty() == is_whole);
    return findings;
}

}  // namespace

TEST_CASE("restore what is left: a lost data pack costs the chunks in it and no others", "[engine][restore]") {
    DamagedWorld world;
    std::uint64_t lost = 0;
    for (const std::string& name : world.backend.list("packs/", {})) {
        const Bytes good = *world.backend.get(name, mib(64));
        TestRepository host(world.backend);
        host.snapshots();
        const PackId id = *pack_of_name(name);
        const auto table = host.catalog->slots(id);
        if (host.catalog->pack(id)->facts.kind != PackKind::data) continue;
        world.backend.remove(name);
        const std::vector<Finding> findings = require_intact_rest(host, world.snapshot, world.disk.bytes());
        std::uint64_t bytes = 0;
        for (const Finding& finding : findings) {
            CHECK(finding.kind == FindingKind::chunk_damaged);
            bytes += finding.length;
        }
        CHECK(bytes <= table->slots.size() * chunk_bytes);
        lost += bytes;
        world.replace(name, good);
    }
    CHECK(lost >= 13 * chunk_bytes);  // each chunk of the disk was in one of them
}

TEST_CASE("restore what is left: with every flipped byte, what is intact is restored", "[engine][restore]") {
    constexpr std::uint64_t seed = 1130;
    std::printf("damaged restore test: seed %llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    DamagedWorld world;
    int damaged = 0;
    int nothing_left = 0;
    for (const std::string& name : world.backend.list("packs/", {})) {
        const Bytes good = *world.backend.get(name, mib(64));
        for (int round = 0; round < test_rounds(8); ++round) {
            Bytes bad = good;
            bad[random() % bad.size()] ^= static_cast<std::byte>(1 + random() % 255);
            world.replace(name, bad);
            TestRepository host(world.backend);
            try {
                host.snapshots();
                damaged += require_intact_rest(host, world.snapshot, world.disk.bytes()).empty() ? 0 : 1;
            } catch (const Error& error) {  // the root of the map, or a table that the catalog needs
                CHECK(is_damaged_or_missing(error));
                ++nothing_left;
            }
        }
        world.replace(name, good);
    }
    CHECK(damaged > test_rounds(8));
    CHECK(nothing_left < damaged);
}

TEST_CASE("restore what is left: a part of the disk is zero where it is damaged", "[engine][restore]") {
    DamagedWorld world;
    TestRepository host(world.backend);
    host.snapshots();
    const DiskMap map(host.chunks, world.snapshot);
    const auto leaf = map.leaf(map.subtree(0, 1));
    world.backend.remove(pack_name(host.catalog->current(leaf->entries[4].address)->pack));
    const ByteRange range{{leaf_bytes + 10}, {5 * chunk_bytes - 10}};
    fakes::MemoryTarget target(range.length.value);
    const auto findings =
        restore(host.repository, world.snapshot, target, host.progress, {}, range, OnDamage::write_zeros);
    REQUIRE_FALSE(findings.empty());
    const Finding& last = findings.back();
    CHECK(last.offset + last.length == range.end().value);
    CHECK(last.length < range.length.value);
    CHECK(is_zero(ByteView(target.image.bytes()).last(last.length)));
    REQUIRE(host.progress.warnings.size() == 1);
    CHECK_THAT(host.progress.warnings[0], ContainsSubstring("are zeros in what is restored"));
}

TEST_CASE("restore what is left: nothing is written when nothing is left", "[engine][restore]") {
    DamagedWorld world;
    TestRepository host(world.backend);
    host.snapshots();
    for (const std::string& name : world.backend.list("packs/", {})) world.backend.remove(name);
    fakes::MemoryTarget target(damaged_disk_bytes);
    REQUIRE_THROWS_WITH(restore(host.repository, world.snapshot, target, host.progress, {}, {}, OnDamage::write_zeros),
                        ContainsSubstring("nothing is left of it"));
    CHECK_FALSE(target.is_finished);
}
