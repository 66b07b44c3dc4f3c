// A catalog that starts from a checkpoint answers as one that read every entry.

#include "engine/repository/checkpoint.h"

#include <algorithm>
#include <map>

#include "engine/jobs/copy_snapshots.h"
#include "engine/jobs/forget.h"
#include "engine/jobs/tag.h"
#include "tests/fakes/counting_backend.h"
#include "tests/fakes/eventful_backend.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

/// The state of the log after entry `last`.
LogState folded(const CommitLog& log, LogNumber last) {
    LogState state = state_at(log.genesis());
    while (state.head.number < last) state.apply(log.next(state.head).value());
    return state;
}

std::vector<std::string> no_warnings() { return {}; }

/// A host that lives through a random history, and what its snapshots held.
class RandomHistory {
public:
    explicit RandomHistory(std::uint64_t seed) : random_(seed) {
        for (fakes::MemoryImage* disk : {&a_, &b_, &elsewhere_}) disk->write_random(random_, 0, 12 * chunk_bytes);
        content_[other_.backup(elsewhere_, "copied", 1).id] = elsewhere_.bytes();
        elsewhere_.write_random(random_, 3 * chunk_bytes, 2 * chunk_bytes);
        content_[other_.backup(elsewhere_, "copied", 2).id] = elsewhere_.bytes();
    }

    void live(int steps) {
        for (int step = 0; step < steps; ++step) {
            take_step(step);
            host.snapshots();
            for (const ListedPack& pack : host.catalog->packs())
                if (pack.state == PackState::committed) seen_[pack.facts.id] = host.catalog->slots(pack.facts.id);
        }
    }

    /// Both answer the same about everything that was ever in the repository.
    void require_equal(TestRepository& left, TestRepository& right) const {
        REQUIRE(left.snapshots() == right.snapshots());
        REQUIRE(left.catalog->head() == right.catalog->head());
        REQUIRE(left.catalog->last_move() == right.catalog->last_move());
        REQUIRE(places_of(left) == places_of(right));
        REQUIRE(packs_of(left) == packs_of(right));
        for (const auto& [id, slots] : seen_)
            for (std::uint32_t slot = 0; slot < slots->slots.size(); ++slot) {
                if (left.catalog->current({id, slot}) != right.catalog->current({id, slot}))
                    FAIL("slot " << slot << " of pack " << id.hex() << " is elsewhere");
                const ChunkId& chunk = slots->slots[slot].id;
                if (left.catalog->find_chunk(chunk).has_value() != right.catalog->find_chunk(chunk).has_value())
                    FAIL("slot " << slot << " of pack " << id.hex() << " is not found by its id");
            }
    }

    void require_restored(TestRepository& reader) const {
        for (const SnapshotRecord& snapshot : reader.snapshots())
            REQUIRE(reader.restores_to(snapshot, content_.at(snapshot.id)));
        const VerifyReport report = reader.verify();
        INFO((report.findings.empty() ? "" : report.findings.front().message));
        REQUIRE(report.findings.empty());
    }

    MemoryBackend backend;
    TestRepository host{backend};

private:
    void take_step(int step) {
        const std::vector<SnapshotRecord> snapshots = host.snapshots();
        const std::uint64_t dice = random_() % 10;
        if (dice < 2 && snapshots.size() > 2) {
            test::forget(host, {snapshots[random_() % snapshots.size()].id});
        } else if (dice == 2 && !snapshots.empty()) {
            const std::vector<SnapshotId> one{snapshots[random_() % snapshots.size()].id};
            edit_tags(host.repository, one, {{{"n", std::to_string(step)}}, {}}, host.progress);
        } else if (dice < 5) {
            PruneRequest request;
            request.limits.pack_bytes = kib(256);
            test::prune_now(host, request);
        } else if (dice == 5) {
            other_.snapshots();
            copy_snapshots(other_.repository, host.repository, other_.catalog->snapshots(), host.progress, {});
        } else {
            fakes::MemoryImage& disk = dice % 2 == 0 ? a_ : b_;
            disk.write_random(random_, random_() % 15 * chunk_bytes, 2 * chunk_bytes);
            content_[host.backup(disk, dice % 2 == 0 ? "a" : "b", step).id] = disk.bytes();
        }
    }

    static std::vector<std::tuple<SnapshotId, LogNumber, std::uint32_t, std::string>> places_of(TestRepository& host) {
        std::vector<std::tuple<SnapshotId, LogNumber, std::uint32_t, std::string>> places;
        for (const ListedSnapshot& s : host.catalog->snapshots())
            places.emplace_back(s.record.id, s.commit, s.position, s.host);
        for (const std::string disk : {"a", "b", "copied"})
            for (const ListedSnapshot& s : host.catalog->last_snapshots(disk, 2))
                places.emplace_back(s.record.id, s.commit, s.position, s.host);
        return places;
    }

    /// Facts and slot tables of the packs that count; of condemned ones only that they are.
    static std::map<PackId, std::pair<PackFacts, SlotTable>> packs_of(TestRepository& host) {
        std::map<PackId, std::pair<PackFacts, SlotTable>> packs;
        for (const ListedPack& pack : host.catalog->packs()) {
            if (pack.state == PackState::committed)
                packs[pack.facts.id] = {pack.facts, *host.catalog->slots(pack.facts.id)};
            else
                packs[pack.facts.id] = {};
        }
        return packs;
    }

    std::mt19937_64 random_;
    MemoryBackend other_backend_;
    TestRepository other_{other_backend_};
    fakes::MemoryImage a_{1u << 20}, b_{1u << 20}, elsewhere_{1u << 20};
    std::map<SnapshotId, Bytes> content_;
    std::map<PackId, std::shared_ptr<const SlotTable>> seen_;  ///< of every pack that ever counted
};

/// A log of a few backups and many tags, all of one host.
class LongLog {
public:
    LongLog() {
        disk_.write_random(random_, 0, 6 * chunk_bytes);
        back_up();
        back_up();
    }

    /// Returns the number of the last entry.
    LogNumber add_tags(LogNumber count) {
        LogHead head = catch_up(host.repository, host.progress);
        LogEntry entry;
        entry.host = "host";
        entry.program = "test";
        for (LogNumber i = 0; i < count; ++i) {
            entry.body = TagEntry{nights.front().record.id, {{"n", std::to_string(i)}}, {}};
            head = host.log.append(head, entry).value();
        }
        return head.number;
    }
    void back_up() {
        nights.push_back(test::back_up(host, disk_, "d", static_cast<TimeNs>(nights.size())));
        disk_.write_random(random_, 0, chunk_bytes);
    }
    void put_checkpoint(LogNumber at) { host.log.put_checkpoint(folded(host.log, at)); }
    LogNumber end() { return catch_up(host.repository, host.progress).number; }

    /// Of what a host without a catalog reads until it lists the snapshots, the log entries.
    std::size_t entries_read() {
        fakes::CountingBackend counting(backend);
        TestRepository reader(counting);
        counting.forget_reads();
        REQUIRE(reader.snapshots().size() == nights.size());
        warnings = reader.progress.warnings;
        objects_read = counting.objects_read().size();
        return static_cast<std::size_t>(std::ranges::count_if(
            counting.objects_read(), [](const std::string& name) { return name.starts_with("log/"); }));
    }

    MemoryBackend backend;
    TestRepository host{backend};
    std::vector<test::Night> nights;
    std::vector<std::string> warnings;
    std::size_t objects_read = 0;

private:
    std::mt19937_64 random_{1};
    fakes::MemoryImage disk_{1u << 20};
};

}  // namespace

TEST_CASE("checkpoint: a catalog that starts from one answers as one that read every entry, in random histories",
          "[engine][log][checkpoint]") {
    for (std::uint64_t seed = 1; seed <= test_rounds(6u); ++seed) {
        CAPTURE(seed);
        RandomHistory history(seed);
        history.live(30);
        for (const LogNumber number : history.host.log.checkpoints()) history.host.log.remove_checkpoint(number);
        TestRepository whole(history.backend);
        const LogNumber end = catch_up(whole.repository, whole.progress).number;
        for (const LogNumber at : {end, end / 2}) {
            CAPTURE(at);
            history.host.log.put_checkpoint(folded(history.host.log, at));
            TestRepository quick(history.backend);
            history.require_equal(whole, quick);
            history.require_restored(quick);
            REQUIRE(quick.progress.warnings == no_warnings());
            rebuild(quick.repository, quick.progress);
            history.require_equal(whole, quick);
            history.host.log.remove_checkpoint(at);
        }
    }
}

TEST_CASE("checkpoint: opening 200,000 entries without a catalog reads at most 100 objects",
          "[engine][log][checkpoint]") {
    LongLog log;
    for (int night = 2; night < 10; ++night) log.back_up();
    const LogNumber end = log.add_tags(test_rounds(199'990u));  // this host's catalog does not take part
    log.put_checkpoint(end - 5);
    CHECK(log.entries_read() < 10);
    CHECK(log.objects_read <= 100);
    CHECK(log.warnings == no_warnings());
}

TEST_CASE("checkpoint: the newest is used, and a host that has a catalog does not look for one",
          "[engine][log][checkpoint]") {
    LongLog log;
    log.add_tags(60);
    log.put_checkpoint(20);
    log.put_checkpoint(50);
    CHECK(log.entries_read() == 1 + 12 + 1);  // the checkpoint's own, those after it, and the end
    fakes::CountingBackend counting(log.backend);
    TestRepository host(counting);
    host.snapshots();
    counting.forget_reads();
    host.snapshots();
    CHECK(std::ranges::none_of(counting.objects_read(),
                               [](const std::string& name) { return name.starts_with("checkpoints/"); }));
}

TEST_CASE("checkpoint: a damaged one is not used, with a warning, and neither is one of another log",
          "[engine][log][checkpoint]") {
    LongLog log;
    log.add_tags(60);
    log.put_checkpoint(20);
    log.put_checkpoint(50);
    const std::string newest = checkpoint_name(50), older = checkpoint_name(20);
    Bytes bytes = log.backend.get(newest, mib(1)).value();
    SECTION("the older one is used") {
        bytes[bytes.size() / 2] ^= std::byte{1};
        log.backend.replace(newest, bytes);
        CHECK(log.entries_read() == 1 + 42 + 1);
        REQUIRE(log.warnings.size() == 1);
        CHECK_THAT(log.warnings.front(), ContainsSubstring("checkpoint 50 of the log is not used"));
    }
    SECTION("with both damaged, the whole log is read") {
        bytes[bytes.size() / 2] ^= std::byte{1};
        log.backend.replace(newest, bytes);
        log.backend.replace(older, bytes);
        CHECK(log.entries_read() == 63);
        CHECK(log.warnings.size() == 2);
    }
    SECTION("its entry is another one than that of the log") {
        LogState other = folded(log.host.log, 50);
        other.head.digest.bytes[0] ^= std::byte{1};
        log.host.log.remove_checkpoint(50);
        log.host.log.put_checkpoint(other);
        CHECK(log.entries_read() == 1 + 42 + 1);  // its entry is among those
        REQUIRE(log.warnings.size() == 1);
        CHECK_THAT(log.warnings.front(), ContainsSubstring("not the one it was made of"));
    }
    SECTION("the log was rolled back to before its entry") {
        for (LogNumber number = 62; number >= 40; --number) log.backend.remove(log_entry_name(number));
        CHECK(log.entries_read() == 1 + 1 + 19 + 1);
        REQUIRE(log.warnings.size() == 1);
        CHECK_THAT(log.warnings.front(), ContainsSubstring("the log has no entry 50"));
    }
}

TEST_CASE("checkpoint: one that a prune removes while a host opens is replaced by the next, at any moment",
          "[engine][log][checkpoint]") {
    LongLog log;
    log.add_tags(20);
    const auto reopened_at = [&](std::uint64_t n) {
        log.put_checkpoint(10);
        log.put_checkpoint(20);
        EventfulBackend eventful(log.backend);
        TestRepository reader(eventful);
        eventful.at(n, [&] {
            log.put_checkpoint(21);
            log.host.log.remove_checkpoint(20);
        });
        test::require_nights(reader, log.nights);
        CHECK(reader.progress.warnings == no_warnings());
        return eventful.settle();
    };
    std::uint64_t n = 1;
    while (n < 20 && reopened_at(n)) ++n;
    CHECK(n > 10);
}

TEST_CASE("checkpoint: a lost entry before it costs a host without a catalog nothing, and still stops writing",
          "[engine][log][checkpoint]") {
    LongLog log;
    log.add_tags(20);
    log.put_checkpoint(15);
    log.backend.remove(log_entry_name(1));
    TestRepository reader(log.backend);
    test::require_restored(reader, log.nights);
    CHECK(reader.snapshots().size() == log.nights.size());
    CHECK(reader.progress.warnings == no_warnings());
    CHECK_THROWS_WITH(reader.backup(fakes::MemoryImage(chunk_bytes), "d", 9), ContainsSubstring("nothing is written"));
}

TEST_CASE("checkpoint: a prune writes one once the log has grown by 32 entries, and keeps two", "[prune][checkpoint]") {
    LongLog log;
    std::vector<LogNumber> written;
    for (int round = 0; round < 5; ++round) {
        log.add_tags(20);
        test::prune_now(log.host);
        written.push_back(log.end());
        if (round == 0) REQUIRE(log.host.log.checkpoints().empty());
    }
    // After 22, 42, 62, 82 and 102 entries: at 42 and 82.
    CHECK(log.host.log.checkpoints() == std::vector{written[1], written[3]});
    CHECK(log.host.log.checkpoint(written[3]) == folded(log.host.log, written[3]));
    log.add_tags(32);
    PruneRequest request;
    preview_prune(log.host.repository, request, log.host.progress, {});
    CHECK(log.host.log.checkpoints() == std::vector{written[1], written[3]});
    test::prune_now(log.host, request);
    CHECK(log.host.log.checkpoints() == std::vector{written[3], log.end()});
    CHECK(log.host.progress.warnings == no_warnings());
    CHECK(log.entries_read() <= 2);
}

TEST_CASE("checkpoint: the new one replaces a damaged one, and none is written over damage of the log",
          "[engine][log][checkpoint]") {
    LongLog log;
    log.add_tags(40);
    log.put_checkpoint(10);
    log.put_checkpoint(20);
    const auto damage = [&](const std::string& name) {
        Bytes bytes = log.backend.get(name, mib(1)).value();
        bytes[bytes.size() / 2] ^= std::byte{1};
        log.backend.replace(name, bytes);
    };
    log.end();
    damage(checkpoint_name(20));
    SECTION("damage of the checkpoint") {
        renew_checkpoint(log.host.repository, 22, log.host.progress, {});
        CHECK(log.host.log.checkpoints() == std::vector<LogNumber>{10, 42});
        CHECK(log.host.log.checkpoint(42) == folded(log.host.log, 42));
        CHECK(log.host.progress.warnings.size() == 1);
    }
    SECTION("damage of the log") {
        damage(log_entry_name(30));
        renew_checkpoint(log.host.repository, 22, log.host.progress, {});
        CHECK(log.host.log.checkpoints() == std::vector<LogNumber>{10, 20});
        REQUIRE(log.host.progress.warnings.size() == 2);
        CHECK_THAT(log.host.progress.warnings.back(), ContainsSubstring("was not renewed: log entry 30"));
    }
    SECTION("too few new entries") {
        renew_checkpoint(log.host.repository, 23, log.host.progress, {});
        CHECK(log.host.log.checkpoints() == std::vector<LogNumber>{10, 20});
        CHECK(log.host.progress.warnings == no_warnings());
    }
    SECTION("one beyond the end stays, and does not make the others seem new") {
        LogState beyond = folded(log.host.log, 42);
        beyond.head.number = 60;
        log.host.log.put_checkpoint(beyond);
        renew_checkpoint(log.host.repository, 22, log.host.progress, {});
        CHECK(log.host.log.checkpoints() == std::vector<LogNumber>{10, 42, 60});
    }
}

TEST_CASE("checkpoint: a prune succeeds although its checkpoint cannot be written", "[prune][checkpoint]") {
    LongLog log;
    FaultBackend faulty(log.backend, FaultScope::writes);
    TestRepository host(faulty);
    log.add_tags(40);
    host.snapshots();
    faulty.fail_at(1, FaultEffect::not_done, FaultSpan::from_then);
    const PruneReport report = test::prune_now(host);
    CHECK(faulty.has_failed());
    CHECK_FALSE(report.entry);
    REQUIRE(host.progress.warnings.size() == 1);
    CHECK_THAT(host.progress.warnings.front(), ContainsSubstring("the checkpoint of the log was not renewed"));
}
