// The order invariants of store/FORMAT.md section 10, tested by a backend whose n-th operation fails, for every n of a
// whole backup: nothing committed is ever lost, and the next backup continues with what was left behind.

#include <cstdio>

#include "engine/base/error.h"
#include "store/backend/local_backend.h"
#include "tests/catch.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/forgetful_files.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/packs_of.h"
#include "tests/support/test_repository.h"

using namespace varve;
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

/// One backup with a fault at operation n; false if n is past its end.
bool survives_fault_at(std::uint64_t n, FaultEffect effect, FaultSpan span, FaultScope scope) {
    MemoryBackend memory;
    FaultBackend faulty(memory, scope);
    TestRepository host(faulty);
    const SnapshotRecord first = host.backup(before(), "d", 1);

    faulty.fail_at(n, effect, span);
    bool succeeded = true;
    try {
        host.backup(after(), "d", 2);
    } catch (const Error& error) {
        succeeded = false;
        REQUIRE(error.code() == ErrorCode::io);
    }
    const bool met_fault = faulty.has_failed();
    faulty.heal();
    if (!met_fault) REQUIRE(succeeded);

    require_whole(memory, first, before().bytes());
    const std::size_t committed = host.snapshots().size();
    REQUIRE(committed <= 2);
    if (succeeded) REQUIRE(committed == 2);

    const SnapshotRecord again = host.backup(after(), "d", 3);
    REQUIRE(host.restores_to(again, after().bytes()));
    REQUIRE(host.verify().findings.empty());
    REQUIRE(test::chunks_stored_twice(host.chunks) == 0);
    return met_fault;
}

void survive_every_fault(FaultEffect effect, FaultSpan span, FaultScope scope) {
    std::uint64_t n = 1;
    while (survives_fault_at(n, effect, span, scope)) n += test_place_step;
    std::printf("fault test: up to operation %llu, each of them or every third failed in turn\n",
                static_cast<unsigned long long>(n - 1));
    REQUIRE(n > 10);
}

/// One backup with a power failure during its n-th change of the disk; false if n is past its end.
bool survives_power_failure_at(std::uint64_t n, FailingOperation operation, Survival survival) {
    ForgetfulDisk disk;
    LocalBackend backend(disk.mount());
    SnapshotRecord first;
    bool succeeded = true;
    {
        TestRepository host(backend);
        first = host.backup(before(), "d", 1);
        disk.fail_at(n, operation);
        try {
            host.backup(after(), "d", 2);
        } catch (const Error& error) {
            succeeded = false;
            REQUIRE(error.code() == ErrorCode::io);
        }
    }
    const bool met_failure = disk.has_failed();
    if (!met_failure) REQUIRE(succeeded);
    disk.crash(survival, static_cast<std::uint32_t>(n));

    LocalBackend rebooted(disk.mount());
    require_whole(rebooted, first, before().bytes());
    TestRepository host(rebooted);
    const std::size_t committed = host.snapshots().size();
    if (succeeded) REQUIRE(committed == 2);  // what was reported as done is durable
    const SnapshotRecord again = host.backup(after(), "d", 3);
    REQUIRE(host.restores_to(again, after().bytes()));
    REQUIRE(host.verify().findings.empty());
    REQUIRE(test::chunks_stored_twice(host.chunks) == 0);
    return met_failure;
}

void survive_every_power_failure(Survival survival) {
    std::uint64_t n = 1;
    while (survives_power_failure_at(n, n % 2 == 0 ? FailingOperation::done : FailingOperation::not_done, survival))
        n += test_place_step;
    std::printf("power test: up to change %llu of the disk, power failed at each of them or at every third\n",
                static_cast<unsigned long long>(n - 1));
    REQUIRE(n > 10);
}

}  // namespace

TEST_CASE("power failure: at every change of the disk, what was not synced is lost, and no snapshot", "[crash]") {
    for (const Survival survival : {Survival::nothing, Survival::names_only, Survival::everything, Survival::by_chance})
        survive_every_power_failure(survival);
}

TEST_CASE("faults: a write that did not happen, at every place of a backup, loses nothing", "[crash]") {
    survive_every_fault(FaultEffect::not_done, FaultSpan::once, FaultScope::writes);
    survive_every_fault(FaultEffect::not_done, FaultSpan::from_then, FaultScope::writes);
}

TEST_CASE("faults: a torn write, at every place of a backup, loses nothing", "[crash]") {
    survive_every_fault(FaultEffect::torn, FaultSpan::once, FaultScope::writes);
    survive_every_fault(FaultEffect::torn, FaultSpan::from_then, FaultScope::writes);
}

TEST_CASE("faults: a lost reply, at every place of a backup, loses nothing and commits at most once", "[crash]") {
    survive_every_fault(FaultEffect::reply_lost, FaultSpan::once, FaultScope::writes);
    survive_every_fault(FaultEffect::reply_lost, FaultSpan::from_then, FaultScope::writes);
}

TEST_CASE("faults: any operation, including reads, may fail at every place of a backup", "[crash]") {
    survive_every_fault(FaultEffect::not_done, FaultSpan::once, FaultScope::all);
    survive_every_fault(FaultEffect::not_done, FaultSpan::from_then, FaultScope::all);
}
