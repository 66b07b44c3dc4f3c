#include "engine/repository/map_changes.h"

#include "engine/repository/snapshot_reader.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t disk_bytes = (40u << 20) + 5000;  // three leaves, the last chunk cut

fakes::MemoryImage first_disk(std::mt19937_64& random) {
    fakes::MemoryImage disk(disk_bytes);
    for (int i = 0; i < 12; ++i) disk.write_random(random, random() % (disk_bytes - 90000), 80000);
    disk.clear(random() % 30 * leaf_bytes / 16, 300000, ExtentKind::zero);
    return disk;
}

void change(fakes::MemoryImage& disk, std::mt19937_64& random) {
    const std::uint64_t size = disk.bytes().size();
    disk.write_random(random, random() % (size - 5000), 4096);
    const ExtentKind kind = random() % 2 == 0 ? ExtentKind::zero : ExtentKind::unallocated;
    disk.clear(random() % (size / chunk_bytes) * chunk_bytes, 8192, kind);
    const std::uint64_t at = random() % (size / chunk_bytes / 2) * chunk_bytes;
    disk.clear(at, 3 * chunk_bytes, kind);
    if (random() % 4 == 0) disk.resize(size + random() % 2000000 - 1000000);
}

Bytes chunk_at(const ImageReader& image, std::uint64_t chunk) {
    const std::uint64_t begin = chunk * chunk_bytes;
    Bytes bytes(
        static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes, image.info().virtual_size.value - begin)));
    image.read(ByteOffset{begin}, bytes);
    return bytes;
}

/// Kind and bytes are the same on both disks, as far as both have the chunk.
bool is_same_chunk(const SnapshotReader& a, const SnapshotReader& b, std::uint64_t chunk) {
    const ByteOffset at{chunk * chunk_bytes};
    if (at.value >= a.info().virtual_size.value) return false;
    const Bytes of_a = chunk_at(a, chunk);
    const Bytes of_b = chunk_at(b, chunk);
    const std::size_t common = std::min(of_a.size(), of_b.size());
    return a.extent_at(at).kind == b.extent_at(at).kind &&
           std::equal(of_a.begin(), of_a.begin() + static_cast<std::ptrdiff_t>(common), of_b.begin());
}

/// Checks every chunk of `now`; returns how many are reported unchanged.
std::uint64_t check_every_chunk(const MapChanges& changes, const SnapshotReader& former, const SnapshotReader& now) {
    const ByteCount size = now.info().virtual_size;
    std::uint64_t unchanged = 0;
    for (std::uint64_t chunk = 0; chunk < chunk_count(size); ++chunk) {
        const ChangeRun run = changes.change_at(ByteOffset{chunk * chunk_bytes});
        REQUIRE(run.begin.value == chunk * chunk_bytes);
        REQUIRE(run.length.value > 0);
        REQUIRE(run.end() <= ByteOffset{} + size);
        const bool is_cut = run.end().value < std::min((chunk + 1) * chunk_bytes, size.value);
        if (run.may_differ || is_cut) continue;
        ++unchanged;
        CAPTURE(chunk);
        REQUIRE(is_same_chunk(former, now, chunk));
    }
    return unchanged;
}

std::uint64_t same_chunks(const SnapshotReader& former, const SnapshotReader& now) {
    std::uint64_t same = 0;
    for (std::uint64_t chunk = 0; chunk < chunk_count(now.info().virtual_size); ++chunk)
        same += is_same_chunk(former, now, chunk) ? 1u : 0u;
    return same;
}

}  // namespace

TEST_CASE("map changes: in one repository every chunk that differs is reported, and no other", "[engine][map]") {
    for (std::uint64_t seed = 1; seed <= test_rounds(4u); ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        MemoryBackend backend;
        TestRepository host(backend);
        fakes::MemoryImage disk = first_disk(random);
        const SnapshotRecord a = host.backup(disk, "d", 1);
        change(disk, random);
        const SnapshotRecord b = host.backup(disk, "d", 2);
        const SnapshotReader former(host.chunks, a);
        const SnapshotReader now(host.chunks, b);
        const MapChanges changes(DiskMap(host.chunks, a), DiskMap(host.chunks, b), MapComparison::by_address);
        const std::uint64_t unchanged = check_every_chunk(changes, former, now);
        REQUIRE(unchanged <= same_chunks(former, now));
        REQUIRE(unchanged + 2 >= same_chunks(former, now));  // the chunks in which the two disks end
    }
}

TEST_CASE("map changes: of two repositories, what is reported unchanged is, and equal leaves are found",
          "[engine][map]") {
    for (std::uint64_t seed = 1; seed <= test_rounds(4u); ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        MemoryBackend here;
        MemoryBackend there;
        TestRepository host(here);
        TestRepository other(there);
        fakes::MemoryImage disk = first_disk(random);
        const SnapshotRecord a = host.backup(disk, "d", 1);
        const SnapshotRecord same = other.backup(disk, "d", 1);
        disk.write_random(random, 100, 4096);  // in the first leaf alone
        const SnapshotRecord b = other.backup(disk, "d", 2);
        const SnapshotReader former(host.chunks, a);
        const SnapshotReader now(other.chunks, b);
        const MapChanges changes(DiskMap(host.chunks, a), DiskMap(other.chunks, b), MapComparison::by_digest);
        REQUIRE(check_every_chunk(changes, former, now) == chunk_count(disk.info().virtual_size) - map_fanout);
        const MapChanges none(DiskMap(host.chunks, a), DiskMap(other.chunks, same), MapComparison::by_digest);
        REQUIRE(check_every_chunk(none, former, SnapshotReader(other.chunks, same)) ==
                chunk_count(disk.info().virtual_size));
        change(disk, random);
        const SnapshotRecord c = other.backup(disk, "d", 3);
        const MapChanges more(DiskMap(host.chunks, a), DiskMap(other.chunks, c), MapComparison::by_digest);
        check_every_chunk(more, former, SnapshotReader(other.chunks, c));
    }
}

TEST_CASE("map changes: what of the former map is lost may differ", "[engine][map]") {
    MemoryBackend backend;
    TestRepository host(backend);
    std::mt19937_64 random(1);
    fakes::MemoryImage disk(disk_bytes);
    disk.write_random(random, 0, 500000);
    const SnapshotRecord a = host.backup(disk, "d", 1);
    disk.write_random(random, 0, 500000);
    const SnapshotRecord b = host.backup(disk, "d", 2);
    backend.remove("packs/" + a.map.pack.hex().substr(0, 2) + "/" + a.map.pack.hex());
    TestRepository cold(backend);
    cold.snapshots();
    const MapChanges changes(DiskMap(cold.chunks, a), DiskMap(cold.chunks, b), MapComparison::by_address);
    REQUIRE(changes.change_at({}).may_differ);
}
