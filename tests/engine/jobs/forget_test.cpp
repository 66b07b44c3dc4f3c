#include "engine/jobs/forget.h"

#include "engine/base/error.h"
#include "engine/jobs/tag.h"
#include "tests/catch.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/overtaken_log.h"
#include "tests/support/group_by_hand.h"
#include "tests/support/test_repository.h"

using namespace varve;
using fakes::AppendReply;
using test::TestRepository;

namespace {

/// A host whose appends may be overtaken.
class RacingHost {
public:
    explicit RacingHost(Backend& backend)
        : host(backend), log(host.log), repository{host.info, log, host.chunks, *host.catalog, &host.damage} {}

    RetentionPlan forget_but_last(std::uint64_t count, const RetentionScope& scope = {}) {
        return forget_by_rules(repository, but_last(count, scope), host.progress, {});
    }
    NamedForget forget(const std::vector<ListedSnapshot>& named, HeldSnapshots held = HeldSnapshots::refuse) {
        return forget_named(repository, named, held, host.progress, {});
    }

    static ForgetByRules but_last(std::uint64_t count, const RetentionScope& scope = {}) {
        ForgetByRules request{{}, scope, 1'000'000};
        request.rules.last = count;
        return request;
    }

    TestRepository host;
    fakes::OvertakenLog log;
    Repository repository;
};

/// Backs up disk `disk` once per time from 1 to `count`.
void make_nights(TestRepository& host, TimeNs count, const std::string& disk = "d") {
    std::mt19937_64 random(1);
    fakes::MemoryImage image(1 << 20);
    image.write_random(random, 0, 5000);
    for (TimeNs time = 1; time <= count; ++time) host.backup(image, disk, time);
}

std::vector<ListedSnapshot> listed(TestRepository& host) {
    host.snapshots();
    return host.catalog->snapshots();
}

/// The times of all snapshots, as this host sees them after reading the log.
std::vector<TimeNs> times(TestRepository& host) {
    std::vector<TimeNs> out;
    for (const SnapshotRecord& record : host.snapshots()) out.push_back(record.time);
    return out;
}

using Times = std::vector<TimeNs>;

void hold(TestRepository& host, const ListedSnapshot& snapshot) {
    const std::vector<SnapshotId> one{snapshot.record.id};
    edit_tags(host.repository, one, {{{"hold", "1"}}, {}}, host.progress);
}

std::size_t entry_count(const Backend& backend) { return backend.list("log/", {}).size(); }

/// How many snapshots the newest entry forgets; it is a forget entry.
std::size_t last_forgotten(TestRepository& host) {
    const auto before = host.log.head_at(catch_up(host.repository, host.progress).number - 1);
    return std::get<ForgetEntry>(host.log.next(*before)->entry.body).snapshots.size();
}

}  // namespace

TEST_CASE("forget: by rules, in one entry that every host sees; a second run writes nothing", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    TestRepository other(backend);
    make_nights(racing.host, 5);
    CHECK(plan_forget(racing.repository.catalog, RacingHost::but_last(2)).leaving().size() == 3);
    CHECK(entry_count(backend) == 5);
    CHECK(racing.forget_but_last(2).leaving().size() == 3);
    CHECK(times(racing.host) == Times{4, 5});
    CHECK(times(other) == Times{4, 5});
    TestRepository fresh(backend);
    CHECK(times(fresh) == Times{4, 5});
    CHECK(racing.forget_but_last(2).leaving().empty());
    CHECK(entry_count(backend) == 6);
    CHECK(other.verify().findings.empty());
    make_nights(other, 1);  // the next backup goes on from what is left
    CHECK(other.verify().findings.empty());
}

TEST_CASE("forget: a disk or group that does not exist is an error, and an empty repository is none",
          "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    CHECK(racing.forget_but_last(1).units.empty());
    make_nights(racing.host, 2);
    CHECK_THROWS_WITH(racing.forget_but_last(1, {{"e"}, {}}), ContainsSubstring("no disk or machine 'e'"));
    CHECK_THROWS_WITH(racing.forget_but_last(1, {{}, {"g"}}), ContainsSubstring("of a group 'g'"));
    CHECK(entry_count(backend) == 2);
}

TEST_CASE("forget: by name, one on hold only when forced, and then the others in the same entry", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    make_nights(racing.host, 3);
    const auto all = listed(racing.host);
    hold(racing.host, all[0]);
    CHECK_THROWS_WITH(racing.forget({all[1], all[0]}),
                      ContainsSubstring("is tagged 'hold'") && ContainsSubstring("nothing was forgotten"));
    CHECK_THROWS_AS(plan_forget(racing.repository.catalog, {all[1], all[0]}, HeldSnapshots::refuse), Error);
    CHECK(times(racing.host) == Times{1, 2, 3});
    CHECK(racing.forget({all[1], all[0]}, HeldSnapshots::forget).forgotten.size() == 2);
    CHECK(times(racing.host) == Times{3});
    CHECK(last_forgotten(racing.host) == 2);
    CHECK(racing.forget({all[2]}).forgotten.size() == 1);  // the last one that there is
    CHECK(times(racing.host).empty());
    CHECK(racing.forget({all[2]}).gone.size() == 1);
    CHECK(entry_count(backend) == 6);
}

TEST_CASE("forget: when another host has forgotten the same first, nothing is left to do", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    RacingHost other(backend);
    make_nights(racing.host, 4);
    const auto all = listed(racing.host);
    racing.log.before_next_append([&] { other.forget_but_last(2); });
    CHECK(racing.forget_but_last(2).leaving().empty());
    CHECK(times(racing.host) == Times{3, 4});
    CHECK(entry_count(backend) == 5);
    make_nights(racing.host, 2, "e");
    racing.log.before_next_append([&] {
        other.host.snapshots();
        other.forget(other.host.catalog->snapshots("e"));
    });
    CHECK(racing.forget_but_last(1, {{"e"}, {}}).units.empty());  // the disk is gone as a whole
    CHECK(entry_count(backend) == 8);

    racing.log.before_next_append([&] { other.forget({all[2], all[3]}); });
    const NamedForget done = racing.forget({all[2], all[3]});
    CHECK(done.forgotten.empty());
    CHECK(done.gone.size() == 2);
    CHECK(entry_count(backend) == 9);
}

TEST_CASE("forget: when another host has forgotten some of them first, the entry names only the rest",
          "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    RacingHost other(backend);
    make_nights(racing.host, 4);
    const auto all = listed(racing.host);
    racing.log.before_next_append([&] { other.forget({all[1]}); });
    const NamedForget done = racing.forget({all[0], all[1]});
    REQUIRE(done.forgotten.size() == 1);
    CHECK(done.forgotten[0].record.time == 1);
    REQUIRE(done.gone.size() == 1);
    CHECK(done.gone[0].record.time == 2);
    CHECK(last_forgotten(racing.host) == 1);
    CHECK(times(other.host) == Times{3, 4});
}

TEST_CASE("forget: what another host tags hold first is kept by rules, and refused by name", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    TestRepository other(backend);
    make_nights(racing.host, 4);
    const auto all = listed(racing.host);
    racing.log.before_next_append([&] { hold(other, all[1]); });
    const RetentionPlan plan = racing.forget_but_last(2);
    CHECK(plan.units.at(1).kept_by == std::set{KeepReason::hold});
    CHECK(times(other) == Times{2, 3, 4});

    racing.log.before_next_append([&] { hold(other, all[2]); });
    CHECK_THROWS_WITH(racing.forget({all[2], all[3]}), ContainsSubstring("is tagged 'hold'"));
    CHECK(times(other) == Times{2, 3, 4});
    racing.log.before_next_append([&] { hold(other, all[3]); });
    CHECK(racing.forget({all[3]}, HeldSnapshots::forget).forgotten.size() == 1);
    CHECK(times(other) == Times{2, 3});
}

TEST_CASE("forget: rules are applied again when another host has forgotten the newest or made a new one",
          "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    RacingHost other(backend);
    make_nights(racing.host, 4);
    const auto all = listed(racing.host);
    racing.log.before_next_append([&] { other.forget({all[3]}); });
    racing.forget_but_last(1);
    CHECK(times(racing.host) == Times{3});  // in the first plan, it had to go

    make_nights(racing.host, 2);  // times 1 and 2, but committed last
    CHECK(times(racing.host) == Times{1, 2, 3});
    racing.log.before_next_append([&] {
        std::mt19937_64 random(2);
        fakes::MemoryImage image(1 << 20);
        image.write_random(random, 0, 5000);
        other.host.backup(image, "d", 9);
    });
    racing.forget_but_last(1);
    CHECK(times(other.host) == Times{9});  // 2 was the latest in the first plan, and 3 the newest by time
    CHECK(racing.host.verify().findings.empty());
}

TEST_CASE("forget: another host's unrelated entry does not matter", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    TestRepository other(backend);
    make_nights(racing.host, 3);
    racing.log.before_next_append([&] { make_nights(other, 1, "e"); });
    CHECK(racing.forget_but_last(1).leaving().size() == 2);
    CHECK(other.snapshots().size() == 2);
    CHECK(entry_count(backend) == 5);
}

TEST_CASE("forget: it succeeds although a reply is lost or late, and enters nothing twice", "[engine][forget]") {
    for (const AppendReply reply : {AppendReply::lost, AppendReply::refusal}) {
        MemoryBackend backend;
        RacingHost racing(backend);
        make_nights(racing.host, 3);
        racing.log.set_reply(reply);
        CHECK(racing.forget_but_last(1).leaving().size() == 2);
        CHECK(entry_count(backend) == 4);
        CHECK(times(racing.host) == Times{3});
    }
}

TEST_CASE("forget: a stop that is requested before the entry leaves everything as it was", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    TestRepository other(backend);
    make_nights(racing.host, 3);
    std::stop_source source;
    racing.log.before_next_append([&] {
        make_nights(other, 1, "e");
        source.request_stop();
    });
    try {
        forget_by_rules(racing.repository, RacingHost::but_last(1), racing.host.progress, source.get_token());
        FAIL("it was not stopped");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::cancelled);
    }
    CHECK_THROWS_AS(forget_named(racing.repository, listed(racing.host), HeldSnapshots::refuse, racing.host.progress,
                                 source.get_token()),
                    Error);
    CHECK(other.snapshots().size() == 4);
    CHECK(entry_count(backend) == 4);
}

TEST_CASE("forget: nothing is forgotten while a log entry is missing", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    make_nights(racing.host, 4);
    backend.remove(backend.list("log/", {}).at(1));
    const auto all = listed(racing.host);
    CHECK_THROWS_WITH(racing.forget_but_last(1), ContainsSubstring("log entry 2"));
    CHECK_THROWS_WITH(racing.forget({all[0]}), ContainsSubstring("log entry 2"));
    CHECK(entry_count(backend) == 3);
}

TEST_CASE("forget: the disks of a group's point go together", "[engine][forget]") {
    MemoryBackend backend;
    RacingHost racing(backend);
    make_nights(racing.host, 1, "a");
    make_nights(racing.host, 1, "b");
    const auto members = racing.host.snapshots();
    for (TimeNs time = 10; time < 14; ++time)
        test::commit_group(racing.host.repository, racing.host.progress, "vm", members, {},
                           [&](std::vector<SnapshotRecord>& copies) {
                               for (SnapshotRecord& copy : copies) copy.time = time;
                           });
    CHECK(racing.forget_but_last(2, {{}, {"vm"}}).leaving().size() == 4);
    CHECK(times(racing.host) == Times{1, 12, 13, 1, 12, 13});
}

TEST_CASE("forget: whichever operation fails, in whatever way, all of them are forgotten or none", "[engine][forget]") {
    for (const FaultEffect effect : {FaultEffect::not_done, FaultEffect::reply_lost, FaultEffect::torn}) {
        for (std::uint64_t n = 1;; ++n) {
            MemoryBackend memory;
            FaultBackend faulty(memory);
            RacingHost racing(faulty);
            make_nights(racing.host, 3);
            faulty.fail_at(n, effect, FaultSpan::once);
            bool succeeded = true;
            try {
                racing.forget_but_last(1);
            } catch (const Error& error) {
                succeeded = false;
                REQUIRE(error.code() == ErrorCode::io);
            }
            const bool met_fault = faulty.has_failed();
            faulty.heal();
            CAPTURE(static_cast<int>(effect), n);
            const Times left = times(racing.host);
            TestRepository other(memory);
            REQUIRE(times(other) == left);
            REQUIRE((left == Times{3} || left == Times{1, 2, 3}));
            if (succeeded) REQUIRE(left == Times{3});
            REQUIRE(entry_count(memory) == (left.size() == 1 ? 4u : 3u));
            racing.forget_but_last(1);  // running it again completes it
            REQUIRE(times(other) == Times{3});
            REQUIRE(entry_count(memory) == 4);
            if (!met_fault) {
                REQUIRE(succeeded);
                REQUIRE(n > 1);
                break;
            }
        }
    }
}
