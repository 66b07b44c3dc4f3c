#include "engine/naming/snapshot_name.h"

#include "engine/base/hex.h"
#include "engine/base/timestamp.h"
#include "tests/catch.h"
#include "tests/fakes/snapshot_list.h"

using namespace varve;

namespace {

/// A record whose id begins with these hex digits.
SnapshotRecord record(const std::string& disk, const std::string& time, std::string hex) {
    hex.resize(32, '0');
    SnapshotRecord r;
    REQUIRE(from_hex(hex, r.id.bytes));
    r.disk = disk;
    r.time = parse_time(time);
    return r;
}

SnapshotList three_nights() {
    SnapshotList list;
    list.add(record("web01/vda", "2026-11-18T02:00:00Z", "aaaa1"));
    list.add(record("web01/vda", "2026-11-19T02:00:00Z", "aaaa2"));
    list.add(record("web01/vda", "2026-11-20T02:00:00Z", "bbbb"));
    list.add(record("db01", "2026-11-20T03:00:00Z", "cccc"));
    return list;
}

std::string found(const SnapshotList& list, std::string_view name) {
    return find_snapshot(list, name).record.id.hex().substr(0, 5);
}

ErrorCode code_of(const SnapshotList& list, std::string_view name) {
    try {
        find_snapshot(list, name);
    } catch (const Error& e) {
        return e.code();
    }
    FAIL(name << " was found");
    throw;
}

}  // namespace

TEST_CASE("snapshot name: the last '@' separates disk and point", "[engine][snapshot_name]") {
    CHECK(parse_snapshot_name("web01/vda@latest") == SnapshotName(PointName{"web01/vda", PointByAge{0}}));
    CHECK(parse_snapshot_name("web01/vda@~3") == SnapshotName(PointName{"web01/vda", PointByAge{3}}));
    CHECK(parse_snapshot_name("d@2026-11-20T02:30Z") ==
          SnapshotName(PointName{"d", PointByTime{parse_time("2026-11-20T02:30Z")}}));
    CHECK(parse_snapshot_name("ABCD") == SnapshotName(SnapshotByPrefix{"abcd"}));
    CHECK_THROWS_WITH(parse_snapshot_name("a@b@latest"), ContainsSubstring("contains '@'"));
}

TEST_CASE("snapshot name: latest and ~N count back from the newest", "[engine][snapshot_name]") {
    const auto list = three_nights();
    CHECK(found(list, "web01/vda@latest") == "bbbb0");
    CHECK(found(list, "web01/vda@~0") == "bbbb0");
    CHECK(found(list, "web01/vda@~1") == "aaaa2");
    CHECK(found(list, "web01/vda@~2") == "aaaa1");
    CHECK(code_of(list, "web01/vda@~3") == ErrorCode::not_found);
}

TEST_CASE("snapshot name: the order of the log decides which is the latest, not the clocks",
          "[engine][snapshot_name]") {
    SnapshotList list;
    list.add(record("d", "2030-01-01T02:00:00Z", "aaaa"));  // the host's clock was ahead
    list.add(record("d", "2026-11-19T02:00:00Z", "bbbb"));
    list.add(record("d", "2026-11-18T02:00:00Z", "cccc"));
    CHECK(found(list, "d@latest") == "cccc0");
    CHECK(found(list, "d@~1") == "bbbb0");
    CHECK(found(list, "d@~2") == "aaaa0");
    CHECK(found(list, "d@2026-11-20Z") == "bbbb0");
    CHECK(found(list, "d@2030-01-02Z") == "aaaa0");
    CHECK_THROWS_WITH(find_snapshot(list, "d@2026-11-17Z"), ContainsSubstring("its first is from 2026-11-18T"));
}

TEST_CASE("snapshot name: an internal snapshot of the image is never the latest of a disk with active states",
          "[engine][snapshot_name]") {
    const auto internal = [](const std::string& time, const std::string& hex) {
        SnapshotRecord r = record("d", time, hex);
        r.source.snapshot = "before-upgrade";
        return r;
    };
    SnapshotList list;
    list.add(internal("2026-11-20T06:00:00Z", "aaaa"));
    CHECK(found(list, "d@latest") == "aaaa0");
    list.add(record("d", "2026-11-20T02:00:00Z", "bbbb"));
    CHECK(found(list, "d@latest") == "bbbb0");
    CHECK(found(list, "d@~1") == "aaaa0");
    list.add(internal("2026-11-21T06:00:00Z", "cccc"));
    CHECK(found(list, "d@latest") == "bbbb0");
    CHECK(found(list, "d@~1") == "cccc0");
    CHECK(found(list, "d@~2") == "aaaa0");
}

TEST_CASE("snapshot name: a time names the newest snapshot not after it", "[engine][snapshot_name]") {
    const auto list = three_nights();
    CHECK(found(list, "web01/vda@2026-11-19Z") == "aaaa2");
    CHECK(found(list, "web01/vda@2026-11-19T01:59:59Z") == "aaaa1");
    CHECK(found(list, "web01/vda@2026-11-19T02:00Z") == "aaaa2");
    CHECK(found(list, "web01/vda@2030-01-01") == "bbbb0");
    CHECK(code_of(list, "web01/vda@2026-11-17Z") == ErrorCode::not_found);
}

TEST_CASE("snapshot name: a snapshot's time is rounded to the displayed second", "[engine][snapshot_name]") {
    SnapshotList list;
    auto r = record("d", "2026-11-18T02:00:00Z", "dddd");
    r.time += 999'999'999;
    list.add(r);
    CHECK(found(list, "d@2026-11-18T02:00:00Z") == "dddd0");
}

TEST_CASE("snapshot name: an id or a unique prefix of at least four digits", "[engine][snapshot_name]") {
    const auto list = three_nights();
    CHECK(found(list, "BBBB") == "bbbb0");
    CHECK(found(list, "aaaa1") == "aaaa1");
    CHECK(found(list, "cccc0000000000000000000000000000") == "cccc0");
    CHECK(code_of(list, "dddd") == ErrorCode::not_found);
    CHECK(code_of(list, "bbb") == ErrorCode::usage);
}

TEST_CASE("snapshot name: a prefix that matches several snapshots lists them", "[engine][snapshot_name]") {
    const auto list = three_nights();
    CHECK(code_of(list, "aaaa") == ErrorCode::refused);
    CHECK_THROWS_WITH(find_snapshot(list, "aaaa"),
                      ContainsSubstring("aaaa1000000000000000000000000000") &&
                          ContainsSubstring("aaaa2000000000000000000000000000 (web01/vda of "));
}

TEST_CASE("snapshot name: a bare disk name is refused with a correct example", "[engine][snapshot_name]") {
    const auto list = three_nights();
    CHECK(code_of(list, "web01/vda") == ErrorCode::usage);
    CHECK_THROWS_WITH(find_snapshot(list, "web01/vda"), ContainsSubstring("pass web01/vda@latest"));
    CHECK_THROWS_WITH(find_snapshot(list, "feed"), ContainsSubstring("pass feed@latest"));
}

TEST_CASE("snapshot name: an impossible name is a usage error, an unknown disk is not found",
          "[engine][snapshot_name]") {
    const auto list = three_nights();
    for (const char* name : {"", "@latest", "web01/vda@", "web01/vda@~", "web01/vda@~x", "web01/vda@~-1",
                             "web01/vda@Latest", "web01/vda@tomorrow", "../x@latest"}) {
        CAPTURE(name);
        CHECK(code_of(list, name) == ErrorCode::usage);
    }
    CHECK(code_of(list, "web02@latest") == ErrorCode::not_found);
    CHECK(code_of(list, "web02@2026-11-20") == ErrorCode::not_found);
}
