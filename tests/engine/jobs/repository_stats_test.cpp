#include "engine/jobs/repository_stats.h"

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr TimeNs day = 86'400 * std::int64_t{1'000'000'000};

ListedSnapshot snapshot(TimeNs time, std::uint64_t size, BackupStatistics statistics) {
    ListedSnapshot listed;
    listed.record.disk = "d";
    listed.record.time = time;
    listed.record.size = {size};
    listed.record.statistics = statistics;
    return listed;
}

BackupStatistics statistics(std::uint64_t changed, std::uint64_t stored, std::uint64_t chunks_new,
                            std::uint64_t chunks_reused) {
    BackupStatistics s;
    s.bytes_changed = changed;
    s.bytes_stored = stored;
    s.chunks_new = chunks_new;
    s.chunks_reused = chunks_reused;
    return s;
}

RepositoryStats stats_of(TestRepository& host, const std::vector<std::string>& disks = {},
                         ReferencedBytes referenced = ReferencedBytes::skip) {
    return repository_stats(host.repository, disks, referenced, host.progress, {});
}

}  // namespace

TEST_CASE("stats: a disk's numbers are the sums of its snapshots, growth leaves the oldest out", "[engine][stats]") {
    const std::vector<ListedSnapshot> three{snapshot(0, 1000, statistics(900, 500, 10, 2)),
                                            snapshot(1 * day, 1000, statistics(100, 30, 1, 0)),
                                            snapshot(4 * day, 2000, statistics(200, 50, 1, 2))};
    const DiskStats stats = disk_stats(three);
    CHECK(stats.size.value == 2000);
    CHECK(stats.snapshots.virtual_bytes.value == 4000);
    CHECK(stats.snapshots.changed.value == 1200);
    CHECK(stats.snapshots.stored.value == 580);
    CHECK(stats.snapshots.growth.bytes_per_snapshot().value() == 40);
    CHECK(stats.snapshots.growth.bytes_per_day == 20);
    CHECK(stats.snapshots.dedup_ratio().value() == 16.0 / 12);
    CHECK(stats.snapshots.compression_ratio().value() == 12.0 * chunk_bytes / 580);
}

TEST_CASE("stats: what cannot be known has no value", "[engine][stats]") {
    const std::vector<ListedSnapshot> one{snapshot(5 * day, 1000, statistics(0, 0, 0, 0))};
    CHECK_FALSE(disk_stats(one).snapshots.growth.bytes_per_snapshot());
    CHECK_FALSE(disk_stats(one).snapshots.growth.has_days);
    CHECK_FALSE(disk_stats(one).snapshots.dedup_ratio());
    CHECK_FALSE(disk_stats(one).snapshots.compression_ratio());
    const std::vector<ListedSnapshot> same_time{one[0], one[0]};
    CHECK(disk_stats(same_time).snapshots.growth.bytes_per_snapshot().value() == 0);
    CHECK_FALSE(disk_stats(same_time).snapshots.growth.has_days);
    const std::vector<ListedSnapshot> hours{one[0], snapshot(6 * day - 1, 1000, statistics(0, 0, 0, 0))};
    CHECK_FALSE(disk_stats(hours).snapshots.growth.has_days);
    const std::vector<ListedSnapshot> a_day{one[0], snapshot(6 * day, 1000, statistics(0, 0, 0, 0))};
    CHECK(disk_stats(a_day).snapshots.growth.has_days);
}

TEST_CASE("stats: packs, chunks and disks of a real repository add up", "[engine][stats]") {
    MemoryBackend backend;
    TestRepository host(backend);
    std::mt19937_64 random(1);
    fakes::MemoryImage disk(20u << 20);
    disk.write_random(random, 0, 10 * chunk_bytes);
    disk.clear(19u << 20, 1u << 20, ExtentKind::zero);
    host.backup(disk, "a", 1 * day);
    disk.write_random(random, 3 * chunk_bytes, 2 * chunk_bytes);
    host.backup(disk, "a", 2 * day);
    host.backup(disk, "b", 2 * day);

    const RepositoryStats stats = stats_of(host);
    REQUIRE(stats.disks.size() == 2);
    CHECK(stats.packs.chunks == 12);
    CHECK(stats.total.chunks_new == 12);
    CHECK(stats.total.chunks_reused == 10);
    CHECK(stats.total.changed.value == (10 + 2 + 10) * chunk_bytes);
    CHECK(stats.total.virtual_bytes.value == 3 * (20u << 20));
    // Every pack was written by one of these snapshots.
    CHECK(stats.packs.bytes() == stats.total.stored);
    ByteCount there;
    for (const PackId& id : host.chunks.list_packs()) there += host.chunks.read_pack(id, PackCheck::trailer).facts.size;
    CHECK(stats.packs.bytes() == there);
    CHECK(stats.packs.uncommitted.count == 0);
    CHECK(stats.disks[0].snapshots.growth.stored.value == host.snapshots()[1].statistics.bytes_stored);
    CHECK(stats.total.growth.bytes_per_day == stats.disks[0].snapshots.growth.bytes_per_day);
    CHECK_FALSE(stats.disks[1].snapshots.growth.has_days);
    CHECK_FALSE(stats.total.referenced);
}

TEST_CASE("stats: referenced is the data of the newest snapshots", "[engine][stats]") {
    MemoryBackend backend;
    TestRepository host(backend);
    std::mt19937_64 random(2);
    fakes::MemoryImage disk((40u << 20) + 1000);
    disk.write_random(random, 0, 10 * chunk_bytes);
    host.backup(disk, "a", 1);
    disk.clear(0, 4 * chunk_bytes, ExtentKind::unallocated);
    disk.write_random(random, 40u << 20, 1000);
    host.backup(disk, "a", 2);
    const RepositoryStats stats = stats_of(host, {}, ReferencedBytes::count);
    CHECK(stats.total.referenced.value().value == 6 * chunk_bytes + 1000);
    CHECK(stats.disks[0].snapshots.referenced == stats.total.referenced);
}

TEST_CASE("stats: a disk named twice is counted once, a missing one is reported", "[engine][stats]") {
    MemoryBackend backend;
    TestRepository host(backend);
    CHECK(stats_of(host).disks.empty());
    const fakes::MemoryImage disk(1 << 20);
    host.backup(disk, "a", 1);
    host.backup(disk, "b", 1);
    CHECK(stats_of(host, {"b", "a", "b"}).total.snapshots == 2);
    CHECK(stats_of(host, {"b"}).disks.at(0).disk == "b");
    CHECK_THROWS_WITH(stats_of(host, {"c"}), ContainsSubstring("no snapshot of a disk 'c'"));
}
