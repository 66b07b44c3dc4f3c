// check proves each checkpoint against the log, and says what a wrong one costs.

#include "engine/jobs/checkpoint_check.h"

#include <algorithm>

#include "engine/repository/checkpoint.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

/// Ten entries, with checkpoints at 3, 6 and 9.
struct CheckpointedLog {
    CheckpointedLog() {
        std::mt19937_64 random(5);
        fakes::MemoryImage disk(1u << 20);
        for (int night = 1; night <= 10; ++night) {
            disk.write_random(random, 0, chunk_bytes);
            host.backup(disk, "d", night);
        }
        LogState state = state_at(host.log.genesis());
        while (state.head.number < 9) {
            state.apply(host.log.next(state.head).value());
            if (state.head.number % 3 == 0) host.log.put_checkpoint(state);
        }
    }

    /// Puts the checkpoint again with another state.
    template <typename Change>
    void change_checkpoint(LogNumber number, const Change& change) {
        LogState state = host.log.checkpoint(number).value();
        change(state);
        host.log.remove_checkpoint(number);
        host.log.put_checkpoint(state);
    }

    MemoryBackend backend;
    TestRepository host{backend};
};

const Finding& only_finding(const VerifyReport& report, FindingKind kind) {
    REQUIRE(report.findings.size() == 1);
    REQUIRE(report.findings.front().kind == kind);
    REQUIRE(std::ranges::all_of(report.snapshots, &VerifiedSnapshot::is_whole));
    return report.findings.front();
}

}  // namespace

TEST_CASE("check: sound checkpoints are proved, one by one", "[engine][check][checkpoint]") {
    CheckpointedLog log;
    const VerifyReport report = log.host.check();
    CHECK(report.findings.empty());
    CHECK(report.checked_checkpoints == 3);
}

TEST_CASE("check: a damaged checkpoint is named, with what it costs and what to do", "[engine][check][checkpoint]") {
    CheckpointedLog log;
    Bytes bytes = log.backend.get(checkpoint_name(6), mib(1)).value();
    bytes[100] ^= std::byte{1};
    log.backend.replace(checkpoint_name(6), bytes);
    const VerifyReport report = log.host.check();
    const Finding& finding = only_finding(report, FindingKind::checkpoint_damaged);
    CHECK(finding.object == "checkpoint 6");
    CHECK_THAT(finding.message, ContainsSubstring("nothing is lost"));
    CHECK_THAT(finding.message, ContainsSubstring("remove 'checkpoints/0000000000000006'"));
    CHECK(report.checked_checkpoints == 2);
}

TEST_CASE("check: a checkpoint that is intact, but holds another state than the entries lead to, is found",
          "[engine][check][checkpoint]") {
    CheckpointedLog log;
    SECTION("a snapshot is missing") {
        log.change_checkpoint(6, [](LogState& state) {
            const SnapshotId id = state.commits.begin()->second.snapshots.begin()->second.id;
            state.commits.erase(state.commits.begin());
            state.commit_of.erase(id);
        });
    }
    SECTION("a tag is another") {
        log.change_checkpoint(
            6, [](LogState& state) { state.commits.begin()->second.snapshots.begin()->second.tags["hold"] = ""; });
    }
    SECTION("a pack is condemned") {
        log.change_checkpoint(6, [](LogState& state) {
            state.condemned.insert(state.packs.begin()->first);
            state.packs.erase(state.packs.begin());
        });
    }
    SECTION("there were more move tables") {
        log.change_checkpoint(6, [](LogState& state) { ++state.move_tables; });
    }
    const VerifyReport report = log.host.check();
    const Finding& finding = only_finding(report, FindingKind::checkpoint_damaged);
    CHECK_THAT(finding.message, ContainsSubstring("does not hold what entries 1 to 6 of the log lead to"));
    CHECK_THAT(finding.message, ContainsSubstring("varve rebuild"));
}

TEST_CASE("check: a checkpoint of another log, or beyond the end of this one, is found",
          "[engine][check][checkpoint]") {
    CheckpointedLog log;
    SECTION("of another log") {
        log.change_checkpoint(6, [](LogState& state) { state.head.digest.bytes[0] ^= std::byte{1}; });
        const VerifyReport report = log.host.check();
        CHECK_THAT(only_finding(report, FindingKind::checkpoint_damaged).message,
                   ContainsSubstring("was made of another log"));
    }
    SECTION("beyond the end") {
        log.change_checkpoint(9, [](LogState& state) { state.head.number = 20; });
        const VerifyReport report = log.host.check();
        CHECK_THAT(only_finding(report, FindingKind::checkpoint_damaged).message,
                   ContainsSubstring("beyond the end of the log, which is entry 10"));
    }
}

TEST_CASE("check: a lost entry makes the checkpoints after it unprovable, which is not blamed on them",
          "[engine][check][checkpoint]") {
    CheckpointedLog log;
    const LogNumber lost = GENERATE(4u, 6u);
    log.backend.remove(log_entry_name(lost));
    const VerifyReport report = log.host.check();
    REQUIRE(report.findings.size() == 3);
    CHECK(report.findings[0].kind == FindingKind::log_entry_missing);
    CHECK(report.findings[1].object == "checkpoint 6");
    CHECK(report.findings[2].object == "checkpoint 9");
    for (const std::size_t i : {1u, 2u}) {
        CHECK(report.findings[i].kind == FindingKind::checkpoint_unproven);
        CHECK_THAT(report.findings[i].message, ContainsSubstring("log entry " + std::to_string(lost) + " is missing"));
    }
    CHECK(report.checked_checkpoints == 1);
}
