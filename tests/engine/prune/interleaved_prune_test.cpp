// A prune beside a backup, and beside another prune: one of them takes place as a whole before the n-th operation of
// the other, for every n. tests/model explores all interleavings of the protocol; these run the code.

#include <map>

#include "engine/base/error.h"
#include "tests/fakes/eventful_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::back_up;
using test::Night;
using test::TestRepository;

namespace {

fakes::MemoryImage disk_of(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(1u << 20);
    disk.write_random(random, 0, 8 * chunk_bytes);
    return disk;
}

/// Nights that are forgotten at once, so that packs die or are merged.
void make_dead_packs(TestRepository& host, const std::string& name) {
    std::vector<SnapshotId> ids;
    for (std::uint64_t i = 0; i < 3; ++i) ids.push_back(host.backup(disk_of(10 + i), name, 1).id);
    test::forget(host, ids);
}

/// What is in a repository, and the nights that it must read back.
struct Content {
    std::map<std::string, Bytes> objects;
    std::vector<Night> nights;
};

/// A repository with dead packs and small ones. The packs of its disk a were condemned by a first prune; b is a clone
/// of a that was backed up after that, so it uses the packs that the prune wrote.
Content make_content() {
    MemoryBackend memory;
    TestRepository host(memory);
    const fakes::MemoryImage a = disk_of(1);
    const Night parent = back_up(host, a, "a", 1);
    const Night gone = back_up(host, disk_of(2), "gone", 1);
    make_dead_packs(host, "x");
    test::prune_now(host);
    const Night clone = back_up(host, a, "b", 2);
    REQUIRE(clone.record.statistics.chunks_new == 0);
    test::forget(host, {gone.record.id});
    make_dead_packs(host, "y");
    Content content;
    content.nights = {parent, clone};
    for (const std::string& name : memory.list("", "")) content.objects[name] = memory.get(name, {1u << 30}).value();
    return content;
}

/// A fresh copy of that repository.
class Scene {
public:
    Scene() {
        static const Content content = make_content();  // made once, because that takes longer than a test of it
        nights = content.nights;
        for (const auto& [name, bytes] : content.objects) memory.put_if_absent(name, bytes);
        std::mt19937_64 random(3);
        source.write_random(random, 2 * chunk_bytes, chunk_bytes);
    }

    MemoryBackend memory;
    std::vector<Night> nights;
    fakes::MemoryImage source = disk_of(1);  ///< disk a, changed
};

enum class Parent { stays, is_forgotten };

/// A backup of disk a, with two prunes before its n-th operation. False: it has fewer operations.
bool survives_prunes_at(std::uint64_t n, Parent parent) {
    Scene scene;
    EventfulBackend eventful(scene.memory);
    TestRepository host(eventful);
    host.snapshots();
    bool has_forgotten = false;
    eventful.at(n, [&] {
        TestRepository other(scene.memory);
        other.snapshots();
        if (parent == Parent::is_forgotten) {
            test::forget(other, {scene.nights[0].record.id});
            has_forgotten = true;
        }
        test::prune_now(other);
        make_dead_packs(other, "z");
        test::prune_now(other);
    });
    const SnapshotRecord record = host.backup(scene.source, "a", 3);
    const bool has_happened = eventful.settle();
    std::vector<Night> nights = scene.nights;
    if (has_forgotten) nights.erase(nights.begin());
    nights.push_back({record, scene.source.bytes()});
    test::require_restored(host, nights);
    test::require_nights_on_a_fresh_host(scene.memory, nights);
    return has_happened;
}

/// A prune, with `event` before its n-th operation. False: it has fewer operations.
bool prune_survives_at(std::uint64_t n,
                       const std::function<void(Scene&, TestRepository&, std::vector<Night>&)>& event) {
    Scene scene;
    EventfulBackend eventful(scene.memory);
    TestRepository host(eventful);
    host.snapshots();
    std::vector<Night> nights = scene.nights;
    eventful.at(n, [&] {
        TestRepository other(scene.memory);
        other.snapshots();
        event(scene, other, nights);
    });
    test::prune_now(host);
    const bool has_happened = eventful.settle();
    test::require_restored(host, nights);
    test::require_nights_on_a_fresh_host(scene.memory, nights);
    test::prune_now(host);
    REQUIRE(test::is_without_garbage(host));
    test::require_restored(host, nights);
    return has_happened;
}

}  // namespace

TEST_CASE("interleaved prune: prunes at any moment of a backup lose nothing", "[prune]") {
    std::uint64_t n = 1;
    while (survives_prunes_at(n, Parent::stays)) n += test_place_step;
    REQUIRE(n > 20);
}

TEST_CASE("interleaved prune: nothing is lost when the parent is forgotten and pruned at any moment of a backup",
          "[prune]") {
    std::uint64_t n = 1;
    while (survives_prunes_at(n, Parent::is_forgotten)) n += test_place_step;
    REQUIRE(n > 20);
}

TEST_CASE("interleaved prune: a backup at any moment of a prune loses nothing", "[prune]") {
    std::uint64_t n = 1;
    const auto event = [](Scene& scene, TestRepository& other, std::vector<Night>& nights) {
        nights.push_back({other.backup(scene.source, "a", 3), scene.source.bytes()});
        // Its chunks are only in packs that nothing needs any more.
        const fakes::MemoryImage again = disk_of(2);
        nights.push_back({other.backup(again, "again", 3), again.bytes()});
    };
    while (prune_survives_at(n, event)) n += test_place_step;
    REQUIRE(n > 20);
}

TEST_CASE("interleaved prune: another prune at any moment of a prune loses nothing and leaves no garbage", "[prune]") {
    std::uint64_t n = 1;
    const auto event = [](Scene&, TestRepository& other, std::vector<Night>&) { test::prune_now(other); };
    while (prune_survives_at(n, event)) n += test_place_step;
    REQUIRE(n > 20);
}

TEST_CASE("interleaved prune: a prune that never becomes first gives up, and has removed nothing", "[prune]") {
    Scene scene;
    TestRepository host(scene.memory);
    host.snapshots();
    TestRepository other(scene.memory);
    PruneRequest request;
    int asked = 0;
    request.is_writer_alive = [&] {  // asked by each plan
        ++asked;
        LogEntry move;
        random_bytes(move.nonce);
        move.body = MoveEntry{};
        REQUIRE(other.log.append(catch_up(other.repository, other.progress), move));
        return false;
    };
    scene.memory.put_if_absent("packs/00/00000000000000000000000000000000", bytes_of("an orphan"));
    REQUIRE_THROWS_WITH(prune(host.repository, request, host.progress, {}), ContainsSubstring("other prunes"));
    REQUIRE(asked == 5);
    test::require_nights_on_a_fresh_host(scene.memory, scene.nights);
}

TEST_CASE("interleaved prune: verify beside a prune by another host reports no damage", "[prune]") {
    std::uint64_t n = 1;
    for (bool has_happened = true; has_happened; n += test_place_step) {
        Scene scene;
        EventfulBackend eventful(scene.memory);
        TestRepository host(eventful);
        host.snapshots();
        eventful.at(n, [&] {
            TestRepository other(scene.memory);
            other.snapshots();
            test::prune_now(other);
        });
        const VerifyReport report = host.verify();
        has_happened = eventful.settle();
        INFO(n << ": " << (report.findings.empty() ? "" : report.findings.front().message));
        REQUIRE(report.findings.empty());
    }
    REQUIRE(n > 20);
}
