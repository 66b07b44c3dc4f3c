#include "engine/repository/log_damage.h"

#include <map>

#include "engine/base/error.h"
#include "store/backend_log.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr LogNumber nights = 5;

/// A disk of which each night changes another chunk, and what it was each night.
struct LivedRepository {
    LivedRepository() {
        TestRepository host(backend);
        std::mt19937_64 random(41);
        fakes::MemoryImage disk(20 * chunk_bytes);
        disk.write_random(random, 0, 20 * chunk_bytes);
        for (LogNumber night = 1; night <= nights; ++night) {
            disk.write_random(random, night * chunk_bytes, 3 * chunk_bytes);
            const SnapshotRecord record = host.backup(disk, "d", static_cast<TimeNs>(night));
            content[record.id] = disk.bytes();
        }
    }

    Bytes entry(LogNumber number) const { return *backend.get(log_entry_name(number), mib(1)); }

    void put(LogNumber number, const Bytes& bytes) {
        backend.remove(log_entry_name(number));
        REQUIRE(backend.put_if_absent(log_entry_name(number), bytes) == PutResult::stored);
    }

    void damage(LogNumber number, bool is_flipped) {
        Bytes bytes = entry(number);
        backend.remove(log_entry_name(number));
        if (!is_flipped) return;
        bytes[bytes.size() / 2] ^= std::byte{1};
        put(number, bytes);
    }

    MemoryBackend backend;
    std::map<SnapshotId, Bytes> content;
};

void check_all_restore(TestRepository& host, const LivedRepository& lived) {
    for (const SnapshotRecord& snapshot : host.snapshots())
        CHECK(host.restored_bytes(snapshot) == lived.content.at(snapshot.id));
}

}  // namespace

TEST_CASE("log damage: a host without a catalog reads and restores everything but what a lost entry added",
          "[engine][log][damage]") {
    LivedRepository lived;
    const bool is_flipped = GENERATE(false, true);
    const LogNumber lost = GENERATE(range(LogNumber{1}, nights));
    const Bytes kept = lived.entry(lost);
    lived.damage(lost, is_flipped);
    TestRepository host(lived.backend);
    CHECK(host.snapshots().size() == nights - 1);
    CHECK(host.catalog->head().number == nights);
    CHECK(host.catalog->lost_entries() == std::vector{lost});
    REQUIRE_FALSE(host.progress.warnings.empty());
    CHECK_THAT(host.progress.warnings.front(), ContainsSubstring("log entry " + std::to_string(lost)));
    check_all_restore(host, lived);

    const std::vector<std::string> objects = lived.backend.list("", {});
    CHECK_THROWS_WITH(host.backup(fakes::MemoryImage(chunk_bytes), "d", 9), ContainsSubstring("nothing is written"));
    CHECK(lived.backend.list("", {}) == objects);

    const VerifyReport report = host.verify();
    CHECK(report.damage.log_entries == std::set{lost});
    CHECK(std::ranges::all_of(report.snapshots, &VerifiedSnapshot::is_whole));

    lived.put(lost, kept);
    CHECK(host.snapshots().size() == nights);
    CHECK(host.verify().findings.empty());
    check_all_restore(host, lived);
    host.backup(fakes::MemoryImage(chunk_bytes), "d", 9);
}

TEST_CASE("log damage: a host that has read a lost entry keeps what it recorded, and does not write",
          "[engine][log][damage]") {
    LivedRepository lived;
    TestRepository host(lived.backend);
    REQUIRE(host.snapshots().size() == nights);
    const bool is_flipped = GENERATE(false, true);
    const LogNumber lost = GENERATE(range(LogNumber{1}, nights));
    lived.damage(lost, is_flipped);
    const VerifyReport report = host.verify();
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().kind ==
          (is_flipped ? FindingKind::log_entry_damaged : FindingKind::log_entry_missing));
    CHECK_THAT(report.findings.front().message, ContainsSubstring("this host still knows 'd' of "));
    CHECK_THROWS_WITH(host.backup(fakes::MemoryImage(chunk_bytes), "d", 9), ContainsSubstring("nothing is written"));
    CHECK(host.snapshots().size() == nights);
    check_all_restore(host, lived);
}

TEST_CASE("log damage: a gap is found without a verify, whatever its width", "[engine][log][damage]") {
    LivedRepository lived;
    TestRepository host(lived.backend);
    host.snapshots();
    for (const LogNumber lost : {2u, 3u}) lived.damage(lost, false);
    CHECK_THROWS_WITH(check_log_is_whole(host.repository), ContainsSubstring("log entries 2 to 3 are missing"));
    TestRepository other(lived.backend);
    CHECK(other.snapshots().size() == nights - 2);
    CHECK(other.catalog->lost_entries() == std::vector<LogNumber>{2, 3});
    check_all_restore(other, lived);
}

TEST_CASE("log damage: a damaged newest entry is no entry, and its number is not taken", "[engine][log][damage]") {
    LivedRepository lived;
    TestRepository warm(lived.backend);
    warm.snapshots();
    lived.damage(nights, true);
    CHECK(warm.snapshots().size() == nights);
    CHECK_THROWS_WITH(warm.backup(fakes::MemoryImage(chunk_bytes), "d", 9), ContainsSubstring("nothing is written"));
    TestRepository cold(lived.backend);
    CHECK(cold.snapshots().size() == nights - 1);
    CHECK_THROWS_WITH(cold.backup(fakes::MemoryImage(chunk_bytes), "d", 9), ContainsSubstring("nothing is written"));
    CHECK(cold.verify().damage.log_entries == std::set<LogNumber>{nights});
}

TEST_CASE("log damage: a foreign file with a wild number is reported and costs no time", "[engine][log][damage]") {
    LivedRepository lived;
    REQUIRE(lived.backend.put_if_absent(log_entry_name(9'999'999'999'999'999), Bytes(100)) == PutResult::stored);
    TestRepository host(lived.backend);
    CHECK(host.snapshots().size() == nights);
    CHECK_THROWS_WITH(host.backup(fakes::MemoryImage(chunk_bytes), "d", 9), ContainsSubstring("nothing is written"));
    CHECK_FALSE(host.verify().findings.empty());
}

TEST_CASE("log damage: a damaged metadata pack costs a host without a catalog only what depends on it",
          "[engine][log][damage]") {
    LivedRepository lived;
    TestRepository first(lived.backend);
    const std::vector<SnapshotRecord> snapshots = first.snapshots();
    // The pack with the root page of the third night: the others have their own.
    const PackId pack = snapshots[2].map.pack;
    const std::string name = "packs/" + pack.hex().substr(0, 2) + "/" + pack.hex();
    const Bytes whole = *lived.backend.get(name, mib(1));
    for (std::size_t at = 0; at < whole.size(); at += 101) {
        Bytes bad = whole;
        bad[at] ^= std::byte{0xff};
        lived.backend.remove(name);
        REQUIRE(lived.backend.put_if_absent(name, bad) == PutResult::stored);
        INFO("byte " << at << " of " << whole.size());
        TestRepository host(lived.backend);
        REQUIRE(host.snapshots().size() == nights);
        for (const SnapshotRecord& snapshot : snapshots)
            if (snapshot.id != snapshots[2].id) REQUIRE(host.restored_bytes(snapshot) == lived.content.at(snapshot.id));
        REQUIRE_FALSE(host.verify().findings.empty());
    }
}
