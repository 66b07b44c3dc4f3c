// The jobs that read, and those that write one entry: wherever an operation of the repository fails, each ends with the
// error or with the right answer, changes nothing that it must not, and works the next time.

#include "engine/jobs/snapshot_diff.h"
#include "engine/jobs/tag.h"
#include "tests/support/fault_places.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::Aftermath;
using test::JobUnderFaults;
using test::Night;
using test::TestRepository;

namespace {

constexpr std::uint64_t changed_at = 4 * chunk_bytes;

/// Two nights of one disk.
class TwoNights {
public:
    TwoNights() {
        std::mt19937_64 random(1);
        disk_.write_random(random, 0, 6 * chunk_bytes);
    }

    using Run = std::function<void(TestRepository& host)>;

    /// `run` throws, or requires the right answer; so does `run_again`, on the same host when all is well.
    void survive(std::string_view name, const Run& run) { survive(name, run, run); }
    void survive(std::string_view name, const Run& run, const Run& run_again) {
        JobUnderFaults job;
        job.name = name;
        job.prepare = [this](TestRepository& host) {
            std::mt19937_64 random(2);
            nights_ = {test::back_up(host, disk_, "d", 1)};
            disk_.write_random(random, changed_at, chunk_bytes);
            nights_.push_back(test::back_up(host, disk_, "d", 2));
        };
        job.run = run;
        job.require_afterwards = [this, &run_again](const Aftermath& after) {
            test::require_nights_on_a_fresh_host(after.backend, nights_);
            run_again(*after.host);
        };
        test::survive_every_fault(job, FaultEffect::not_done, FaultScope::all);
    }

    const Night& night(std::size_t number) const { return nights_.at(number); }

private:
    fakes::MemoryImage disk_{1u << 20};
    std::vector<Night> nights_;
};

void require_no_damage(const VerifyReport& report) {
    INFO((report.findings.empty() ? "" : report.findings.front().message));
    REQUIRE(report.findings.empty());
    REQUIRE(report.snapshots.size() == 2);
}

/// A sector that cannot be read is a finding, which says so.
void require_no_damage_but_what_is_unreadable(const VerifyReport& report) {
    for (const Finding& finding : report.findings) REQUIRE_THAT(finding.message, ContainsSubstring("backend failed"));
    REQUIRE(report.snapshots.size() == 2);
}

}  // namespace

TEST_CASE("faults: a restore ends with the error or with the disk's bytes, wherever the repository fails", "[crash]") {
    TwoNights nights;
    nights.survive("restore", [&](TestRepository& host) {
        const Night& night = nights.night(1);
        fakes::ExpectingTarget target(night.bytes);
        varve::restore(host.repository, night.record, target, host.progress, {});
        REQUIRE(target.is_right());
    });
}

TEST_CASE("faults: what verify or check could not read once is not taken for damaged when it can be read", "[crash]") {
    TwoNights nights;
    nights.survive(
        "verify", [](TestRepository& host) { require_no_damage_but_what_is_unreadable(host.verify()); },
        [](TestRepository& host) { require_no_damage(host.verify()); });
    nights.survive(
        "check", [](TestRepository& host) { require_no_damage_but_what_is_unreadable(host.check()); },
        [](TestRepository& host) { require_no_damage(host.check()); });
}

TEST_CASE("faults: a rebuild ends with the error or with all that the log holds, wherever the repository fails",
          "[crash]") {
    TwoNights nights;
    nights.survive("rebuild", [&](TestRepository& host) {
        const LogHead head = rebuild(host.repository, host.progress);
        REQUIRE(head.number == 2);
        REQUIRE(host.catalog->snapshots().size() == 2);
        REQUIRE(host.catalog->lost_entries().empty());
        const SnapshotDiff found =
            diff(host.repository, nights.night(0).record, nights.night(1).record, DiffDetail::bytes);
        REQUIRE(found.extents == std::vector<DiffExtent>{{{changed_at}, {chunk_bytes}}});
    });
}

TEST_CASE("faults: a tag is entered once or not at all, wherever the repository fails", "[crash]") {
    TwoNights nights;
    nights.survive("tag", [&](TestRepository& host) {
        catch_up(host.repository, host.progress);
        const auto tagged =
            edit_tags(host.repository, std::vector{nights.night(0).record.id}, {{{"hold", ""}}, {}}, host.progress);
        REQUIRE(tagged.at(0).record.tags.contains("hold"));
        REQUIRE(host.catalog->head().number <= 3);
    });
}
