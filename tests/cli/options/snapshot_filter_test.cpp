#include "cli/options/snapshot_filter.h"

#include "cli/render/render_snapshot.h"
#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

SnapshotFilter parsed(const std::vector<std::string>& words) {
    return snapshot_filter(Arguments("list", {0, 0, UsesRepository::no, snapshot_filter_specs()}, words));
}

SnapshotRecord record() {
    SnapshotRecord r;
    r.disk = "web01/vda";
    r.group = "web01";
    r.time = 1'000'000'000'000'000'000;  // 2001-09-09T01:46:40Z
    r.tags = {{"kind", "nightly"}, {"keep", ""}};
    return r;
}

}  // namespace

TEST_CASE("snapshot filter: group, tags and time must all match", "[cli]") {
    const SnapshotRecord r = record();
    CHECK(parsed({}).fits(r));
    CHECK(parsed({"--group", "web01"}).fits(r));
    CHECK_FALSE(parsed({"--group", "web0"}).fits(r));
    CHECK(parsed({"--tag", "kind"}).fits(r));
    CHECK(parsed({"--tag", "kind=nightly", "--tag", "keep="}).fits(r));
    CHECK_FALSE(parsed({"--tag", "kind=nightly", "--tag", "keep=x"}).fits(r));
    CHECK_FALSE(parsed({"--tag", "kin"}).fits(r));
    CHECK(parsed({"--since", "2001-09-09T01:46:40Z"}).fits(r));
    CHECK_FALSE(parsed({"--since", "2001-09-09T01:46:41Z"}).fits(r));
    CHECK(parsed({"--since", "2001-09-09Z"}).fits(r));
    CHECK_FALSE(parsed({"--since", "2001-09-10Z"}).fits(r));
    CHECK_FALSE(parsed({"--group", "web01", "--since", "2001-09-10Z"}).fits(r));
}

TEST_CASE("list: groups have a column only if there is one, but always their key", "[cli]") {
    ListedSnapshot with{record(), 1, 0};
    ListedSnapshot without{record(), 2, 0};
    without.record.group.clear();
    CHECK(list_text({ListRow{with, false}, ListRow{without, false}}, ListDetail::short_ids).find("GROUP") !=
          std::string::npos);
    CHECK(list_text({ListRow{without, false}}, ListDetail::short_ids).find("GROUP") == std::string::npos);
    CHECK(list_json({ListRow{with, false}})["snapshots"][0]["group"] == "web01");
    CHECK(list_json({ListRow{without, false}})["snapshots"][0]["group"].is_null());
}

TEST_CASE("show: the group and unreadable places are shown", "[cli]") {
    ListedSnapshot snapshot{record(), 1, 0};
    snapshot.record.unreadable = {{{1048576}, {4096}}};
    CHECK(show_text(snapshot).find("group           web01") != std::string::npos);
    CHECK(show_text(snapshot).find("4096 bytes at offset 1048576") != std::string::npos);
    CHECK(show_json(snapshot)["unreadable"][0]["offset"] == 1048576);
    CHECK(show_json(snapshot)["group"] == "web01");
}
