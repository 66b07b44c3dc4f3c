#include "engine/naming/group_point.h"

#include "engine/base/timestamp.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/group_by_hand.h"
#include "tests/support/prune_by_hand.h"

using namespace varve;

namespace {

/// A repository with two disks of web01, and the group as often as it is entered.
struct World {
    World() : host(backend) {
        fakes::MemoryImage disk(1 << 20);
        disk.write(0, bytes_of("a disk"));
        disks = {host.backup(disk, "web01/vda", 1), host.backup(disk, "web01/vdb", 1)};
    }

    std::vector<SnapshotRecord> enter(const std::string& time, const std::string& group = "web01") {
        for (SnapshotRecord& disk : disks) disk.time = parse_time(time);
        return test::commit_group(host.repository, host.progress, group, disks, {});
    }

    void forget(const SnapshotRecord& snapshot) {
        test::PruneByHand(backend).forget(snapshot);
        host.snapshots();  // catches up
    }

    GroupPoint find(std::string_view name) const { return find_group_point(*host.catalog, name); }

    /// The ids of the members found, in their order.
    std::vector<SnapshotId> ids(std::string_view name) const {
        std::vector<SnapshotId> found;
        for (const ListedSnapshot& member : find(name).members) found.push_back(member.record.id);
        return found;
    }

    MemoryBackend backend;
    test::TestRepository host;
    std::vector<SnapshotRecord> disks;
};

std::vector<SnapshotId> ids_of(const std::vector<SnapshotRecord>& records) {
    std::vector<SnapshotId> ids;
    for (const SnapshotRecord& record : records) ids.push_back(record.id);
    return ids;
}

ErrorCode code_of(const World& world, std::string_view name) {
    try {
        world.find(name);
    } catch (const Error& e) {
        return e.code();
    }
    FAIL(name << " was found");
    throw;
}

}  // namespace

TEST_CASE("group point: it is one log entry, named by its group as a snapshot is by its disk", "[engine][group]") {
    World world;
    const auto first = ids_of(world.enter("2026-11-18T02:00:00Z"));
    const auto second = ids_of(world.enter("2026-11-19T02:00:00Z"));
    world.enter("2026-11-20T02:00:00Z", "db01");
    CHECK(world.ids("web01@latest") == second);
    CHECK(world.ids("web01@~0") == second);
    CHECK(world.ids("web01@~1") == first);
    CHECK(world.ids("web01@2026-11-18Z") == first);
    CHECK(world.ids("web01@2026-11-19T01:59:59Z") == first);
    CHECK(world.ids("web01@2027-01-01Z") == second);
    CHECK(world.find("web01@latest").group == "web01");
    CHECK(forgotten_disks(world.host.log, world.find("web01@latest")).empty());
}

TEST_CASE("group point: points with one time are distinguished by their commits", "[engine][group]") {
    World world;
    const auto first = ids_of(world.enter("2026-11-18T02:00:00Z"));
    const auto second = ids_of(world.enter("2026-11-18T02:00:00Z"));
    CHECK(world.ids("web01@latest") == second);
    CHECK(world.ids("web01@~1") == first);
}

TEST_CASE("group point: forgotten members are omitted and listed; a point without members does not exist",
          "[engine][group]") {
    World world;
    const auto first = world.enter("2026-11-18T02:00:00Z");
    const auto second = world.enter("2026-11-19T02:00:00Z");
    world.forget(second[0]);
    CHECK(world.ids("web01@latest") == std::vector{second[1].id});
    CHECK(forgotten_disks(world.host.log, world.find("web01@latest")) == std::vector<std::string>{"web01/vda"});
    CHECK(forgotten_disks(world.host.log, world.find("web01@~1")).empty());
    world.forget(second[1]);
    CHECK(world.ids("web01@latest") == ids_of(first));
    CHECK(code_of(world, "web01@~1") == ErrorCode::not_found);
}

TEST_CASE("group point: a name that is not a point is explained", "[engine][group]") {
    World world;
    world.enter("2026-11-18T02:00:00Z");
    CHECK_THROWS_WITH(world.find("web01"), ContainsSubstring("pass web01@latest"));
    CHECK_THROWS_WITH(world.find("web01@~1"), ContainsSubstring("group 'web01' has 1 point, so there is no @~1"));
    CHECK_THROWS_WITH(world.find("web01@2026-11-17Z"), ContainsSubstring("no point at 2026-11-17T"));
    CHECK_THROWS_WITH(world.find("web02@latest"), ContainsSubstring("no snapshot of a group 'web02'"));
    CHECK(code_of(world, "web01/vda@latest") == ErrorCode::not_found);  // a disk, no group
    for (const char* name : {"", "web01", "@latest", "web01@", "web01@~x", "web01@tomorrow", "../x@latest"}) {
        CAPTURE(name);
        CHECK(code_of(world, name) == ErrorCode::usage);
    }
}
