#include "engine/backup/dry_run.h"

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/image_changes.h"
#include "tests/fakes/known_change_source.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

DiskToBackUp disk_of(const ImageReader& source) {
    DiskToBackUp disk;
    disk.source = &source;
    disk.request.disk = "d";
    return disk;
}

}  // namespace

TEST_CASE("dry run: reports what a backup would read, reads none of it and commits nothing", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(3);
    fakes::MemoryImage disk(100 * chunk_bytes + 100);
    disk.write_random(random, 0, 3 * 4096);
    disk.write_random(random, 50 * chunk_bytes, chunk_bytes);
    disk.clear(60 * chunk_bytes, 2 * chunk_bytes, ExtentKind::zero);
    catch_up(repository.repository, repository.progress);
    const auto plan = [&] { return plan_backup(*repository.catalog, disk_of(disk), repository.progress, {}); };
    const BackupPlan first = plan();
    CHECK_FALSE(first.parent);
    CHECK(first.size.value == disk.bytes().size());
    CHECK(first.data.value == 3 * 4096 + chunk_bytes);
    CHECK(first.to_read == first.data);
    CHECK(first.zero.value == 2 * chunk_bytes);
    CHECK(first.data + first.zero + first.unallocated == first.size);
    CHECK(disk.bytes_read().value == 0);
    CHECK(repository.snapshots().empty());

    const SnapshotRecord made = repository.backup(disk, "d");
    CHECK(made.change_detection == first.change_detection);
    CHECK(made.statistics.bytes_scanned == first.data.value);
    const BackupPlan second = plan();
    REQUIRE(second.parent);
    CHECK(second.parent->id == made.id);
    CHECK(repository.backup(disk, "d").change_detection == second.change_detection);
}

TEST_CASE("dry run: stops on request", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::stop_source stop;
    stop.request_stop();
    const fakes::MemoryImage disk(1 << 20);
    REQUIRE_THROWS_AS(plan_backup(*repository.catalog, disk_of(disk), repository.progress, stop.get_token()), Error);
}

TEST_CASE("dry run: where a change source reports what may differ, only that would be read", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(4);
    fakes::MemoryImage disk(500 * chunk_bytes + 100);
    disk.write_random(random, 0, 400 * chunk_bytes);
    const fakes::MemoryImage before = disk;
    DiskToBackUp known = disk_of(disk);
    known.request.change_token = fakes::unique_token();
    const SnapshotRecord first = backup(repository.repository, disk, known.request, repository.progress, {});
    disk.write_random(random, 10 * chunk_bytes + 5000, 10);
    disk.write_random(random, 300 * chunk_bytes - 10, 20);
    const fakes::ImageChanges changes(before, disk);
    const fakes::KnownChangeSource source(first, changes, "test");
    known.request.change_source = &source;
    const BackupPlan plan = plan_backup(*repository.catalog, known, repository.progress, {});
    CHECK(to_text(plan.change_detection) == "test");
    CHECK(plan.to_read.value == 3 * chunk_bytes);
    const SnapshotRecord made = backup(repository.repository, disk, known.request, repository.progress, {});
    CHECK(made.statistics.bytes_scanned == plan.to_read.value);
}
