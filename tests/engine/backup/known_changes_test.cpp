// A backup whose change source reports what may differ reads no more than that, and makes the same snapshot as a full
// compare.

#include "engine/backup/backup.h"
#include "tests/catch.h"
#include "tests/fakes/image_changes.h"
#include "tests/fakes/known_change_source.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t mib_bytes = 1 << 20;
constexpr std::uint64_t disk_bytes = 70 * mib_bytes + 4096 * 3 + 77;

fakes::MemoryImage some_disk(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(disk_bytes);
    disk.write_random(random, 0, 18 * mib_bytes);
    disk.write_random(random, 40 * mib_bytes, 8 * mib_bytes);
    disk.write_random(random, disk_bytes - 5000, 5000);
    disk.clear(20 * mib_bytes, 2 * mib_bytes, ExtentKind::zero);
    return disk;
}

/// A few writes, zeroed ranges and discards; sometimes over whole leaves.
void change(fakes::MemoryImage& disk, std::mt19937_64& random) {
    const std::uint64_t size = disk.bytes().size();
    for (std::uint64_t i = random() % 12; i > 0; --i) {
        const std::uint64_t length = 1 + random() % (random() % 4 == 0 ? 20 * mib_bytes : 200000);
        const std::uint64_t at = random() % size;
        const std::uint64_t block = at / 4096 * 4096;
        switch (random() % 3) {
            case 0:
                disk.write_random(random, at, static_cast<std::size_t>(std::min(length, size - at)));
                break;
            case 1:
                disk.clear(block, std::min(length / 4096 * 4096, size - block), ExtentKind::zero);
                break;
            default:
                disk.clear(block, std::min(length / 4096 * 4096, size - block), ExtentKind::unallocated);
        }
    }
}

SnapshotRecord back_up(TestRepository& repository, const fakes::MemoryImage& disk, const std::string& name, TimeNs time,
                       const std::optional<fakes::KnownChangeSource>& changes) {
    BackupRequest request;
    request.disk = name;
    request.time = time;
    request.change_source = changes ? &*changes : nullptr;
    request.change_token = fakes::unique_token();
    request.audit_chunks = 8;
    return backup(repository.repository, disk, request, repository.progress, {});
}

/// Bytes of the chunks with a byte that may differ.
std::uint64_t bytes_to_read(const fakes::ImageChanges& changes, std::uint64_t size) {
    std::uint64_t bytes = 0;
    std::uint64_t chunk_done = 0;
    for (std::uint64_t at = 0; at < size;) {
        const ChangeRun run = changes.change_at({at});
        at = run.end().value;
        if (!run.may_differ) continue;
        const std::uint64_t begin = std::max(chunk_done, run.begin.value / chunk_bytes * chunk_bytes);
        chunk_done = divide_up(at, chunk_bytes) * chunk_bytes;
        bytes += chunk_done - std::min(begin, chunk_done);
    }
    return bytes;
}

}  // namespace

TEST_CASE("known changes: the snapshot is the one a full compare makes, and no unchanged chunk is read",
          "[engine][backup]") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, 1 + test_rounds(std::uint64_t{8})));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = some_disk(seed);
    SnapshotRecord reported = back_up(repository, disk, "reported", 1, {});
    back_up(repository, disk, "full", 1, {});
    for (TimeNs time = 2; time < 6; ++time) {
        const fakes::MemoryImage before = disk;
        change(disk, random);
        if (time == 4) disk.resize(disk_bytes + random() % (20 * mib_bytes));
        if (time == 5) disk.resize(disk_bytes - random() % (20 * mib_bytes));
        const fakes::ImageChanges changes(before, disk);
        reported = back_up(repository, disk, "reported", time, fakes::KnownChangeSource(reported, changes, "test"));
        const SnapshotRecord full = back_up(repository, disk, "full", time, {});
        CAPTURE(time);
        REQUIRE(to_text(reported.change_detection) == "test");
        REQUIRE(reported.root == full.root);
        REQUIRE(reported.statistics.bytes_changed == full.statistics.bytes_changed);
        REQUIRE(diff(repository.repository, reported, full, DiffDetail::kinds).extents.empty());
        // One chunk more: where one of the disks ends.
        REQUIRE(reported.statistics.bytes_scanned <= bytes_to_read(changes, disk.bytes().size()) + chunk_bytes);
        REQUIRE(repository.restores_to(reported, disk.bytes()));
    }
}

TEST_CASE("known changes: a disk that did not change is not read at all", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = some_disk(10);
    const SnapshotRecord first = back_up(repository, disk, "d", 1, {});
    const fakes::ImageChanges changes(disk, disk);
    const SnapshotRecord second = back_up(repository, disk, "d", 2, fakes::KnownChangeSource(first, changes, "test"));
    REQUIRE(second.statistics.bytes_scanned == 0);
    REQUIRE(second.statistics.bytes_stored == 0);
    REQUIRE(second.map == first.map);
}

TEST_CASE("known changes: changes since an older snapshot make that one the parent", "[engine][backup][pipeline]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = some_disk(11);
    const fakes::MemoryImage before = disk;
    const SnapshotRecord first = back_up(repository, disk, "d", 1, {});
    std::mt19937_64 random(12);
    disk.write_random(random, 3 * mib_bytes, 100);
    back_up(repository, disk, "d", 2, {});
    const fakes::ImageChanges changes(before, disk);
    const SnapshotRecord third = back_up(repository, disk, "d", 3, fakes::KnownChangeSource(first, changes, "test"));
    REQUIRE(third.parent == first.id);
    REQUIRE(third.statistics.bytes_scanned == chunk_bytes);
    REQUIRE(third.statistics.chunks_new == 0);
    REQUIRE(repository.restores_to(third, disk.bytes()));
}

TEST_CASE("known changes: changes since a snapshot that is gone are not used", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = some_disk(13);
    const SnapshotRecord first = back_up(repository, disk, "d", 1, {});
    const fakes::MemoryImage other = some_disk(14);
    const fakes::ImageChanges wrong(other, other);  // "nothing changed", of another base
    SnapshotRecord gone;
    gone.change_token = fakes::unique_token();
    const SnapshotRecord second = back_up(repository, other, "d", 2, fakes::KnownChangeSource(gone, wrong, "test"));
    REQUIRE(to_text(second.change_detection) == "rescan");
    REQUIRE(second.parent == first.id);
    REQUIRE(repository.restores_to(second, other.bytes()));
}
