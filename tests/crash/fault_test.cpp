// The order invariants of store/FORMAT.md section 10, tested by a backend whose n-th operation fails, for every n of a
// whole backup: nothing committed is ever lost, and the next backup continues with what was left behind.

#include "tests/support/fault_places.h"
#include "tests/support/packs_of.h"

using namespace varve;
using test::Aftermath;
using test::JobUnderFaults;
using test::TestRepository;

namespace {

fakes::MemoryImage first_night() {
    std::mt19937_64 random(1);
    fakes::MemoryImage disk((20u << 20) + 777);
    disk.write_random(random, 0, 20 * chunk_bytes);
    disk.write_random(random, 17u << 20, 5 * chunk_bytes);
    return disk;
}

// Made once, because building them takes longer than backing them up.
const fakes::MemoryImage& before() {
    static const fakes::MemoryImage disk = first_night();
    return disk;
}

fakes::MemoryImage second_night() {
    std::mt19937_64 random(2);
    fakes::MemoryImage disk = before();
    disk.write_random(random, 3 * chunk_bytes, 12 * chunk_bytes);
    disk.clear(17u << 20, chunk_bytes, ExtentKind::zero);
    return disk;
}

const fakes::MemoryImage& after() {
    static const fakes::MemoryImage disk = second_night();
    return disk;
}

/// Checks what must hold whatever happened, as seen by the same host and by one that has only the repository.
void require_whole(Backend& backend, const SnapshotRecord& first, const Bytes& first_bytes) {
    TestRepository host(backend);
    const std::vector<SnapshotRecord> committed = host.snapshots();
    REQUIRE_FALSE(committed.empty());
    REQUIRE(committed.front() == first);
    const VerifyReport report = host.verify();
    INFO((report.findings.empty() ? "" : report.findings.front().message));
    REQUIRE(report.findings.empty());
    REQUIRE(host.restores_to(first, first_bytes));
}

/// Holds the night before.
class BackupUnderFaults {
public:
    JobUnderFaults job() {
        JobUnderFaults job;
        job.name = "backup";
        job.prepare = [this](TestRepository& host) { first_ = host.backup(before(), "d", 1); };
        job.run = [](TestRepository& host) { host.backup(after(), "d", 2); };
        job.require_afterwards = [this](const Aftermath& aftermath) {
            require_whole(aftermath.backend, first_, before().bytes());
            if (aftermath.host != nullptr) return require_next(*aftermath.host, aftermath.has_succeeded);
            TestRepository rebooted(aftermath.backend);
            require_next(rebooted, aftermath.has_succeeded);
        };
        return job;
    }

private:
    /// What was reported as done is durable, and the next backup goes on from what was left behind.
    static void require_next(TestRepository& host, bool has_succeeded) {
        const std::size_t committed = host.snapshots().size();
        REQUIRE(committed <= 2);
        if (has_succeeded) REQUIRE(committed == 2);
        const SnapshotRecord again = host.backup(after(), "d", 3);
        REQUIRE(host.restores_to(again, after().bytes()));
        REQUIRE(host.verify().findings.empty());
        REQUIRE(test::chunks_stored_twice(host.chunks) == 0);
    }

    SnapshotRecord first_;
};

void backup_survives_every_fault(FaultEffect effect, FaultScope scope) {
    BackupUnderFaults backup;
    test::survive_every_fault(backup.job(), effect, scope);
}

}  // namespace

TEST_CASE("power failure: at every change of the disk, what was not synced is lost, and no snapshot", "[crash]") {
    BackupUnderFaults backup;
    test::survive_every_power_failure(backup.job());
}

TEST_CASE("faults: a write that did not happen, at every place of a backup, loses nothing", "[crash]") {
    backup_survives_every_fault(FaultEffect::not_done, FaultScope::writes);
}

TEST_CASE("faults: a torn write, at every place of a backup, loses nothing", "[crash]") {
    backup_survives_every_fault(FaultEffect::torn, FaultScope::writes);
}

TEST_CASE("faults: a lost reply, at every place of a backup, loses nothing and commits at most once", "[crash]") {
    backup_survives_every_fault(FaultEffect::reply_lost, FaultScope::writes);
}

TEST_CASE("faults: any operation, including reads, may fail at every place of a backup", "[crash]") {
    backup_survives_every_fault(FaultEffect::not_done, FaultScope::all);
}
