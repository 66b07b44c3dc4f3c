#include "engine/backup/backup.h"

#include "engine/backup/commit.h"
#include "engine/base/error.h"
#include "engine/repository/snapshot_reader.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/steady_image.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t mib_bytes = 1 << 20;

fakes::MemoryImage some_disk(std::uint64_t seed, std::uint64_t size = 40 * mib_bytes + 12345) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(size);
    disk.write_random(random, 0, 300000);
    disk.write_random(random, 5 * mib_bytes, 3 * mib_bytes);
    disk.write_random(random, size - 5000, 5000);
    disk.clear(10 * mib_bytes, 2 * mib_bytes, ExtentKind::zero);
    return disk;
}

std::vector<Extent> extents_of(const ImageReader& image) {
    std::vector<Extent> extents;
    const ByteOffset end = ByteOffset{} + image.info().virtual_size;
    for (ByteOffset at; at < end;) {
        const Extent extent = image.extent_at(at);
        at = extent.end();
        if (!extents.empty() && extents.back().kind == extent.kind)
            extents.back().length += extent.length;
        else
            extents.push_back(extent);
    }
    return extents;
}

}  // namespace

TEST_CASE("backup: what was backed up is restored byte for byte", "[engine][backup][pipeline]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = some_disk(1);
    const SnapshotRecord snapshot = repository.backup(disk, "web01/vda");
    REQUIRE(repository.restores_to(snapshot, disk.bytes()));
    REQUIRE(to_text(snapshot.change_detection) == "full");
    REQUIRE(snapshot.size.value == disk.bytes().size());
    REQUIRE(snapshot.statistics.bytes_scanned == disk.bytes_read().value);
    REQUIRE(repository.verify().findings.empty());
}

TEST_CASE("backup: zero and unallocated ranges are never read or stored, and are restored as such",
          "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk(64 * mib_bytes);
    disk.clear(16 * mib_bytes, 20 * mib_bytes, ExtentKind::zero);
    const SnapshotRecord snapshot = repository.backup(disk, "d");
    REQUIRE(snapshot.statistics.bytes_scanned == 0);
    REQUIRE(snapshot.statistics.chunks_new == 0);
    const std::vector<Extent> expected{{{0}, {16 * mib_bytes}, ExtentKind::unallocated},
                                       {{16 * mib_bytes}, {20 * mib_bytes}, ExtentKind::zero},
                                       {{36 * mib_bytes}, {28 * mib_bytes}, ExtentKind::unallocated}};
    REQUIRE(extents_of(SnapshotReader(repository.chunks, snapshot)) == expected);
}

TEST_CASE("backup: data that is all zeros is kept as zero", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk(mib_bytes);
    disk.write(0, Bytes(chunk_bytes));
    const SnapshotRecord snapshot = repository.backup(disk, "d");
    REQUIRE(snapshot.statistics.chunks_new == 0);
    REQUIRE(SnapshotReader(repository.chunks, snapshot).extent_at({0}).kind == ExtentKind::zero);
}

TEST_CASE("backup: a second backup stores what changed and shares the rest", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = some_disk(2);
    const SnapshotRecord first = repository.backup(disk, "d", 1);
    const Bytes first_bytes = disk.bytes();
    std::mt19937_64 random(3);
    disk.write_random(random, 6 * mib_bytes + 100, 10);
    const SnapshotRecord second = repository.backup(disk, "d", 2);
    REQUIRE(second.parent == first.id);
    REQUIRE(to_text(second.change_detection) == "rescan");
    REQUIRE(second.statistics.chunks_new == 1);
    REQUIRE(second.statistics.bytes_changed == chunk_bytes);
    REQUIRE(second.statistics.bytes_stored < 100000);
    REQUIRE(repository.restores_to(first, first_bytes));
    REQUIRE(repository.restores_to(second, disk.bytes()));
}

TEST_CASE("backup: a backup without changes adds no pack", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = some_disk(4);
    const SnapshotRecord first = repository.backup(disk, "d", 1);
    const auto packs = backend.list("packs/", {}).size();
    const SnapshotRecord second = repository.backup(disk, "d", 2);
    REQUIRE(backend.list("packs/", {}).size() == packs);
    REQUIRE(second.root == first.root);
    REQUIRE(second.map == first.map);
    REQUIRE(second.statistics.bytes_stored == 0);
    REQUIRE(second.statistics.bytes_changed == 0);
}

TEST_CASE("backup: the same bytes as another disk store nothing twice", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = some_disk(5);
    const SnapshotRecord a = repository.backup(disk, "a");
    const SnapshotRecord b = repository.backup(disk, "b");
    REQUIRE(b.statistics.chunks_new == 0);
    REQUIRE(b.root == a.root);
    const auto entry = repository.log.next(*repository.log.head_at(1));
    REQUIRE(std::get<CommitEntry>(entry->entry.body).hit_packs.size() == 1);
}

TEST_CASE("backup: a chunk that occurs many times on one disk is stored once", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(6);
    fakes::MemoryImage disk(32 * mib_bytes);
    disk.write_random(random, 0, chunk_bytes);
    const Bytes chunk(disk.bytes().begin(), disk.bytes().begin() + chunk_bytes);
    for (std::uint64_t i = 1; i < 512; ++i) disk.write(i * chunk_bytes, chunk);
    const SnapshotRecord snapshot = repository.backup(disk, "d");
    REQUIRE(snapshot.statistics.chunks_new == 1);
    REQUIRE(snapshot.statistics.chunks_reused == 511);
    REQUIRE(repository.restores_to(snapshot, disk.bytes()));
}

TEST_CASE("backup: a disk may grow and shrink between backups", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(7);
    fakes::MemoryImage disk = some_disk(7);
    std::vector<std::pair<SnapshotRecord, Bytes>> snapshots;
    std::int64_t time = 0;
    for (const std::uint64_t size : {disk.bytes().size(), std::size_t{90 * mib_bytes + 1}, std::size_t{17 * mib_bytes},
                                     std::size_t{511}, std::size_t{0}, std::size_t{33 * mib_bytes}}) {
        disk.resize(size);
        if (size > 5000) disk.write_random(random, size - 5000, 5000);
        snapshots.emplace_back(repository.backup(disk, "d", ++time), disk.bytes());
    }
    for (const auto& [snapshot, bytes] : snapshots) REQUIRE(repository.restores_to(snapshot, bytes));
    REQUIRE(repository.verify().findings.empty());
}

TEST_CASE("backup: random backups are all restored, on this host and on one that only has the repository",
          "[engine][backup][pipeline]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(20261122);
    fakes::MemoryImage disk(50 * mib_bytes);
    std::vector<std::pair<SnapshotRecord, Bytes>> snapshots;
    for (int round = 0; round < test_rounds(8); ++round) {
        for (int i = 0; i < 40; ++i) {
            const std::uint64_t length = 4096 * (1 + random() % 50);
            const std::uint64_t at = 4096 * (random() % ((disk.bytes().size() - length) / 4096));
            if (random() % 3 == 0)
                disk.clear(at, length, random() % 2 == 0 ? ExtentKind::zero : ExtentKind::unallocated);
            else
                disk.write_random(random, at, length);
        }
        snapshots.emplace_back(repository.backup(disk, "d", round), disk.bytes());
    }
    TestRepository other(backend);
    REQUIRE(other.snapshots().size() == snapshots.size());
    for (const auto& [snapshot, bytes] : snapshots) {
        REQUIRE(repository.restores_to(snapshot, bytes));
        REQUIRE(other.restores_to(snapshot, bytes));
    }
    REQUIRE(other.verify().findings.empty());
}

TEST_CASE("backup: two hosts take turns in one log", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository one(backend);
    TestRepository two(backend);
    fakes::MemoryImage disk = some_disk(8);
    one.backup(disk, "a", 1);
    const SnapshotRecord b = two.backup(disk, "b", 2);
    REQUIRE(b.statistics.chunks_new == 0);  // dedup sees the other host's packs
    const SnapshotRecord a = one.backup(disk, "a", 3);
    REQUIRE(a.statistics.chunks_new == 0);
    REQUIRE(one.snapshots().size() == 3);
    REQUIRE(two.snapshots() == one.snapshots());
}

TEST_CASE("backup: a requested stop commits nothing", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = some_disk(9);
    std::stop_source stop;
    stop.request_stop();
    BackupRequest request;
    request.disk = "d";
    REQUIRE_THROWS_AS(backup(repository.repository, disk, request, repository.progress, stop.get_token()), Error);
    REQUIRE(repository.snapshots().empty());
    REQUIRE(backend.list("log/", {}).empty());
}

TEST_CASE("backup: the root is the same for the same bytes, whatever is zero or unallocated", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage thin = some_disk(10);
    fakes::MemoryImage full(thin.bytes().size());
    full.write(0, thin.bytes());
    REQUIRE(repository.backup(thin, "thin").root == repository.backup(full, "full").root);
}

TEST_CASE("backup: a mostly empty disk of 16 TiB costs a few pages", "[engine][backup]") {
    // A source that has one data extent in the middle of nothing.
    class Huge final : public fakes::SteadyImage {
    public:
        Huge() { info_.virtual_size = {std::uint64_t{16} << 40}; }
        const ImageInfo& info() const override { return info_; }
        Extent extent_at(ByteOffset at) const override {
            const std::uint64_t begin = std::uint64_t{5} << 40;
            if (at.value < begin) return {at, {begin - at.value}, ExtentKind::unallocated};
            if (at.value < begin + 65536) return {at, {begin + 65536 - at.value}, ExtentKind::data};
            return {at, ByteOffset{info_.virtual_size.value} - at, ExtentKind::unallocated};
        }
        void read(ByteOffset, ByteSpan out) const override { std::fill(out.begin(), out.end(), std::byte{7}); }
        ByteCount bytes_read() const override { return {0}; }

    private:
        ImageInfo info_;
    };
    MemoryBackend backend;
    TestRepository repository(backend);
    const SnapshotRecord snapshot = repository.backup(Huge(), "huge");
    REQUIRE(snapshot.statistics.chunks_new == 1);
    REQUIRE(snapshot.statistics.bytes_stored < 10000);
    const SnapshotReader reader(repository.chunks, snapshot);
    Bytes bytes(65536);
    reader.read({std::uint64_t{5} << 40}, bytes);
    REQUIRE(bytes == Bytes(65536, std::byte{7}));
    REQUIRE(extents_of(reader).size() == 3);
}
