// Power fails during a forget: afterwards the repository has either all snapshots or none of those that were to go, and
// if the forget was reported as done, it is.

#include "engine/jobs/forget.h"
#include "tests/support/fault_places.h"

using namespace varve;
using test::Aftermath;
using test::JobUnderFaults;
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

JobUnderFaults forget_under_faults() {
    JobUnderFaults job;
    job.name = "forget";
    job.prepare = [](TestRepository& host) {
        for (TimeNs number = 1; number <= nights; ++number) host.backup(night(number), "d", number);
    };
    job.run = [](TestRepository& host) { forget_but_newest(host); };
    job.require_afterwards = [](const Aftermath& after) {
        TestRepository host(after.backend);
        const std::vector<SnapshotRecord> left = host.snapshots();
        CAPTURE(left.size());
        REQUIRE((left.size() == 1 || left.size() == nights));
        if (after.has_succeeded) REQUIRE(left.size() == 1);  // what was reported as done is durable
        REQUIRE(left.back().time == nights);
        require_same_as_backed_up(host, left);
        forget_but_newest(host);
        REQUIRE(host.snapshots().size() == 1);
    };
    return job;
}

}  // namespace

TEST_CASE("power failure: at every change of the disk by a forget, all of its snapshots are forgotten or none",
          "[crash]") {
    test::survive_every_power_failure(forget_under_faults());
}
