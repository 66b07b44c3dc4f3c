#include "engine/jobs/tag.h"

#include "engine/base/error.h"
#include "engine/repository/catalog_sync.h"
#include "tests/catch.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/prune_by_hand.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;
using Tags = std::map<std::string, std::string>;

namespace {

SnapshotRecord small_snapshot(TestRepository& repository, const std::string& disk, TimeNs time = 1) {
    std::mt19937_64 random(1);
    fakes::MemoryImage image(1 << 20);
    image.write_random(random, 0, 5000);
    return repository.backup(image, disk, time);
}

TaggedSnapshot tag(TestRepository& host, const SnapshotRecord& snapshot, const TagEdit& edit) {
    const std::vector<SnapshotId> one{snapshot.id};
    return edit_tags(host.repository, one, edit, host.progress).at(0);
}

Tags tags_seen_by(TestRepository& host) { return host.snapshots().at(0).tags; }

}  // namespace

TEST_CASE("tag: every host sees what is added, replaced and removed", "[engine][tag]") {
    MemoryBackend backend;
    TestRepository host(backend);
    TestRepository other(backend);
    const SnapshotRecord snapshot = small_snapshot(host, "d");
    REQUIRE(tag(host, snapshot, {{{"a", "1"}, {"b", "2"}}, {}}).record.tags == Tags{{"a", "1"}, {"b", "2"}});
    REQUIRE(tags_seen_by(other) == Tags{{"a", "1"}, {"b", "2"}});
    REQUIRE(tag(other, snapshot, {{{"a", "one"}}, {"b"}}).record.tags == Tags{{"a", "one"}});
    REQUIRE(tags_seen_by(host) == Tags{{"a", "one"}});
    TestRepository fresh(backend);
    REQUIRE(tags_seen_by(fresh) == Tags{{"a", "one"}});
    REQUIRE(fresh.verify().findings.empty());
}

TEST_CASE("tag: tags that already exist write no entry", "[engine][tag]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const SnapshotRecord snapshot = small_snapshot(host, "d");
    REQUIRE(tag(host, snapshot, {{{"a", "1"}}, {}}).is_changed);
    REQUIRE(backend.list("log/", {}).size() == 2);
    REQUIRE_FALSE(tag(host, snapshot, {{{"a", "1"}}, {}}).is_changed);
    REQUIRE(backend.list("log/", {}).size() == 2);
}

TEST_CASE("tag: removing a missing tag is refused, and nothing is written for any snapshot", "[engine][tag]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const SnapshotRecord a = small_snapshot(host, "a");
    const SnapshotRecord b = small_snapshot(host, "b");
    tag(host, a, {{{"night", "1"}}, {}});
    const std::vector<SnapshotId> both{a.id, b.id};
    const TagEdit edit{{{"new", "1"}}, {"night"}};
    REQUIRE_THROWS_WITH(edit_tags(host.repository, both, edit, host.progress),
                        ContainsSubstring("has no tag 'night'") && ContainsSubstring("'b'"));
    REQUIRE(tags_seen_by(host) == Tags{{"night", "1"}});
    REQUIRE(backend.list("log/", {}).size() == 3);
}

TEST_CASE("tag: entries of other writers that come first are read before the edit is committed", "[engine][tag]") {
    MemoryBackend backend;
    TestRepository host(backend);
    TestRepository other(backend);
    const SnapshotRecord snapshot = small_snapshot(host, "d");
    tag(host, snapshot, {{{"a", "1"}}, {}});
    // Each host works on a view that is one entry behind.
    REQUIRE(tag(other, snapshot, {{{"b", "2"}}, {"a"}}).record.tags == Tags{{"b", "2"}});
    REQUIRE(tag(host, snapshot, {{{"c", "3"}}, {}}).record.tags == Tags{{"b", "2"}, {"c", "3"}});
    REQUIRE_THROWS_AS(tag(host, snapshot, {{}, {"a"}}), Error);
}

TEST_CASE("tag: a snapshot forgotten in the meantime is not tagged", "[engine][tag]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const SnapshotRecord snapshot = small_snapshot(host, "d");
    test::PruneByHand(backend).forget(snapshot);
    REQUIRE_THROWS_WITH(tag(host, snapshot, {{{"a", "1"}}, {}}), ContainsSubstring("was forgotten"));
    REQUIRE(backend.list("log/", {}).size() == 2);
}

TEST_CASE("tag: whichever operation fails, in whatever way, the edit is committed once or not at all",
          "[engine][tag]") {
    for (const FaultEffect effect : {FaultEffect::not_done, FaultEffect::reply_lost, FaultEffect::torn}) {
        for (std::uint64_t n = 1;; ++n) {
            MemoryBackend memory;
            FaultBackend faulty(memory);
            TestRepository host(faulty);
            const SnapshotRecord snapshot = small_snapshot(host, "d");
            tag(host, snapshot, {{{"old", "1"}}, {}});
            faulty.fail_at(n, effect, FaultSpan::once);
            bool succeeded = true;
            try {
                tag(host, snapshot, {{{"new", "1"}}, {"old"}});
            } catch (const Error& error) {
                succeeded = false;
                REQUIRE(error.code() == ErrorCode::io);
            }
            const bool met_fault = faulty.has_failed();
            faulty.heal();
            CAPTURE(static_cast<int>(effect), n);
            const Tags now = tags_seen_by(host);
            TestRepository other(memory);
            REQUIRE(tags_seen_by(other) == now);
            REQUIRE((now == Tags{{"old", "1"}} || now == Tags{{"new", "1"}}));
            if (succeeded) REQUIRE(now == Tags{{"new", "1"}});
            REQUIRE(memory.list("log/", {}).size() == (now.contains("new") ? 3u : 2u));
            if (!met_fault) {
                REQUIRE(succeeded);
                REQUIRE(n > 1);
                break;
            }
        }
    }
}
