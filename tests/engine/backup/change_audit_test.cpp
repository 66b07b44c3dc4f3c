// A change source that hides changes is caught at the documented rate, an honest one is never accused, and a lie costs
// a full compare in the same chain.

#include "engine/backup/change_audit.h"
#include <cmath>
#include <set>

#include "engine/backup/backup.h"
#include "engine/jobs/verify.h"
#include "tests/catch.h"
#include "tests/fakes/image_changes.h"
#include "tests/fakes/known_change_source.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t disk_chunks = 1024;

/// Reports exactly the chunks `reported` as changed, true or not.
class ReportedChanges final : public ChangeMap {
public:
    explicit ReportedChanges(std::set<std::uint64_t> reported, std::uint64_t chunks = disk_chunks)
        : reported_(std::move(reported)), chunks_(chunks) {}

    ChangeRun change_at(ByteOffset at) const override {
        const std::uint64_t chunk = at.value / chunk_bytes;
        if (reported_.contains(chunk)) return {at, ByteOffset{(chunk + 1) * chunk_bytes} - at, true};
        const auto next = reported_.upper_bound(chunk);
        return {at, ByteOffset{(next == reported_.end() ? chunks_ : *next) * chunk_bytes} - at, false};
    }

private:
    std::set<std::uint64_t> reported_;
    std::uint64_t chunks_;
};

fakes::MemoryImage full_disk(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(disk_chunks * chunk_bytes);
    disk.write_random(random, 0, disk_chunks * chunk_bytes);
    return disk;
}

std::set<std::uint64_t> change_chunks(fakes::MemoryImage& disk, std::mt19937_64& random, std::size_t count) {
    std::set<std::uint64_t> chunks;
    while (chunks.size() < count) {
        const std::uint64_t chunk = random() % disk_chunks;
        if (chunks.insert(chunk).second) disk.write_random(random, chunk * chunk_bytes + random() % 15 * 4096, 4096);
    }
    return chunks;
}

SnapshotRecord back_up(TestRepository& repository, const fakes::MemoryImage& disk, TimeNs time,
                       const std::optional<fakes::KnownChangeSource>& changes = {},
                       std::uint32_t audit_chunks = audit_chunks_default) {
    BackupRequest request;
    request.disk = "vm";
    request.time = time;
    request.change_source = changes ? &*changes : nullptr;
    request.change_token = fakes::unique_token();
    request.audit_chunks = audit_chunks;
    return backup(repository.repository, disk, request, repository.progress, {});
}

}  // namespace

TEST_CASE("change audit: a tracker that hides changes is caught at the rate 1-(1-f)^N", "[engine][audit]") {
    struct Case {
        std::size_t hidden;
        std::uint32_t chunks;
    };
    const Case c = GENERATE(Case{10, 64}, Case{20, 32}, Case{100, 16}, Case{3, 256});
    constexpr int runs = test_rounds(200);
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage before = full_disk(1);
    const SnapshotRecord parent = back_up(repository, before, 1);
    const DiskMap map(repository.repository.chunks, parent);
    fakes::MemoryImage now = before;
    int caught = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        std::mt19937_64 random(seed * 977);
        const std::set<std::uint64_t> changed = change_chunks(now, random, c.hidden);
        const ReportedChanges changes({});
        const ChangeAudit audit = audit_changes(now, changes, map, repository.repository.catalog, {c.chunks, seed}, {});
        REQUIRE((audit.wrong || audit.chunks == c.chunks));
        REQUIRE(audit.bytes.value == audit.chunks * chunk_bytes);
        caught += audit.wrong ? 1 : 0;
        for (const std::uint64_t chunk : changed)
            now.write(chunk * chunk_bytes, ByteView(before.bytes()).subspan(chunk * chunk_bytes, chunk_bytes));
    }
    const double rate = audit_promise(c.chunks, static_cast<double>(c.hidden) / disk_chunks);
    const double sigma = std::sqrt(runs * rate * (1 - rate));
    CAPTURE(c.hidden, c.chunks, caught, runs * rate, sigma);
    CHECK(std::abs(caught - runs * rate) <= 3 * sigma + 1);
}

TEST_CASE("change audit: an honest tracker is never accused, and unchanged chunks are read", "[engine][audit]") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, 1 + test_rounds(std::uint64_t{6})));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = full_disk(seed);
    disk.clear(64 * chunk_bytes, 300 * chunk_bytes, ExtentKind::unallocated);
    disk.clear(400 * chunk_bytes, 100 * chunk_bytes, ExtentKind::zero);
    const SnapshotRecord parent = back_up(repository, disk, 1);
    const fakes::MemoryImage before = disk;
    change_chunks(disk, random, 40);
    if (seed % 3 == 0) disk.resize(disk_chunks * chunk_bytes - 5 * chunk_bytes - 77);
    if (seed % 3 == 1) disk.resize(disk_chunks * chunk_bytes + 9 * chunk_bytes + 4097);
    const fakes::ImageChanges changes(before, disk);
    const DiskMap map(repository.repository.chunks, parent);
    const ChangeAudit audit = audit_changes(disk, changes, map, repository.repository.catalog, {256, seed}, {});
    CHECK(!audit.wrong);
    CHECK(audit.chunks == 256);
    CHECK(audit.bytes.value == 256 * chunk_bytes);
}

TEST_CASE("change audit: on an almost empty disk it verifies the few chunks with data", "[engine][audit]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(5);
    fakes::MemoryImage disk(std::uint64_t{1} << 27);
    disk.write_random(random, std::uint64_t{3} << 25, 20 * chunk_bytes);
    const SnapshotRecord parent = back_up(repository, disk, 1);
    const ReportedChanges nothing({}, chunk_count(disk.info().virtual_size));
    const DiskMap map(repository.repository.chunks, parent);
    const ChangeAudit audit = audit_changes(disk, nothing, map, repository.repository.catalog, {256, 1}, {});
    CHECK(audit.chunks == 20);
    CHECK(!audit.wrong);
}

TEST_CASE("change audit: a hidden first write to a place without data is also found", "[engine][audit]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(5);
    fakes::MemoryImage disk(disk_chunks * chunk_bytes);
    const SnapshotRecord parent = back_up(repository, disk, 1);
    disk.write_random(random, 77 * chunk_bytes, 4096);
    const ReportedChanges nothing({});
    const DiskMap map(repository.repository.chunks, parent);
    const ChangeAudit audit = audit_changes(disk, nothing, map, repository.repository.catalog, {16, 1}, {});
    REQUIRE(audit.wrong);
    CHECK(audit.wrong->value == 77);
}

TEST_CASE("change audit: a lie turns the backup into a full compare of the same chain, with a warning",
          "[engine][audit][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(11);
    fakes::MemoryImage disk = full_disk(3);
    const SnapshotRecord parent = back_up(repository, disk, 1);
    std::set<std::uint64_t> changed = change_chunks(disk, random, 300);
    changed.erase(changed.begin(), std::next(changed.begin(), 200));
    const ReportedChanges lying(changed);

    const SnapshotRecord snapshot = back_up(repository, disk, 2, fakes::KnownChangeSource(parent, lying, "liar"), 64);
    CHECK(snapshot.parent == parent.id);
    CHECK(to_text(snapshot.change_detection) == "rescan, as liar was wrong");
    CHECK(snapshot.statistics.bytes_scanned == disk_chunks * chunk_bytes);
    CHECK(snapshot.statistics.bytes_audited > 0);
    CHECK(snapshot.statistics.bytes_changed == 300 * chunk_bytes);
    REQUIRE(repository.progress.warnings.size() == 1);
    CHECK(repository.progress.warnings[0].find("'liar' IS WRONG") != std::string::npos);

    const SnapshotRecord unaudited = back_up(repository, disk, 3, fakes::KnownChangeSource(parent, lying, "liar"), 0);
    CHECK(unaudited.statistics.bytes_audited == 0);
    CHECK(unaudited.root != snapshot.root);  // wrong and undetected: that is why the audit exists
}
