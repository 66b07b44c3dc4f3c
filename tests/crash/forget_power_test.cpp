// Power fails during a forget: afterwards the repository has either all snapshots or none of those that were to go, and
// if the forget was reported as done, it is.

#include <cstdio>

#include "engine/base/error.h"
#include "engine/jobs/forget.h"
#include "store/backend/local_backend.h"
#include "tests/catch.h"
#include "tests/fakes/forgetful_files.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr TimeNs nights = 4;

fakes::MemoryImage night(TimeNs number) {
    std::mt19937_64 random(static_cast<std::uint64_t>(number));
    fakes::MemoryImage disk(1 << 20);
    disk.write_random(random, 0, 3 * chunk_bytes);
    return disk;
}

RetentionPlan forget_but_newest(TestRepository& host) {
    ForgetByRules request;
    request.rules.last = 1;
    request.now = nights;
    return forget_by_rules(host.repository, request, host.progress, {});
}

void require_same_as_backed_up(TestRepository& host, const std::vector<SnapshotRecord>& snapshots) {
    for (const SnapshotRecord& snapshot : snapshots) REQUIRE(host.restores_to(snapshot, night(snapshot.time).bytes()));
    REQUIRE(host.verify().findings.empty());
}

/// One forget with a power failure during its n-th change of the disk; false if n is past its end.
bool forget_survives_power_failure_at(std::uint64_t n, FailingOperation operation, Survival survival) {
    ForgetfulDisk disk;
    LocalBackend backend(disk.mount());
    bool succeeded = true;
    {
        TestRepository host(backend);
        for (TimeNs number = 1; number <= nights; ++number) host.backup(night(number), "d", number);
        disk.fail_at(n, operation);
        try {
            forget_but_newest(host);
        } catch (const Error& error) {
            succeeded = false;
            REQUIRE(error.code() == ErrorCode::io);
        }
    }
    const bool met_failure = disk.has_failed();
    if (!met_failure) REQUIRE(succeeded);
    disk.crash(survival, static_cast<std::uint32_t>(n));

    LocalBackend rebooted(disk.mount());
    TestRepository host(rebooted);
    const std::vector<SnapshotRecord> left = host.snapshots();
    CAPTURE(n, static_cast<int>(operation), static_cast<int>(survival), left.size());
    REQUIRE((left.size() == 1 || left.size() == nights));
    if (succeeded) REQUIRE(left.size() == 1);  // what was reported as done is durable
    REQUIRE(left.back().time == nights);
    require_same_as_backed_up(host, left);
    forget_but_newest(host);
    REQUIRE(host.snapshots().size() == 1);
    return met_failure;
}

}  // namespace

TEST_CASE("power failure: at every change of the disk by a forget, all of its snapshots are forgotten or none",
          "[crash]") {
    for (const Survival survival :
         {Survival::nothing, Survival::names_only, Survival::everything, Survival::by_chance}) {
        for (const FailingOperation operation : {FailingOperation::not_done, FailingOperation::done}) {
            std::uint64_t n = 1;
            while (forget_survives_power_failure_at(n, operation, survival)) n += test_place_step;
            std::printf("forget: up to change %llu of the disk, power failed at each of them or at every third\n",
                        static_cast<unsigned long long>(n - 1));
            REQUIRE(n > 2);
        }
    }
}
