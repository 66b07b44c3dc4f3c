// A snapshot that is forgotten, and copied again from another repository, has its id from before, but another map. A
// backup that inherits from it, or a prune that has marked what it needs, goes by the map that it has read. The events
// take place before the n-th operation of either, for every fourth n.

#include "engine/jobs/copy_snapshots.h"
#include "tests/fakes/eventful_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::Night;
using test::TestRepository;

namespace {

constexpr std::uint64_t place_step = 4 * test_place_step;

fakes::MemoryImage disk_with(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(1u << 20);
    disk.write_random(random, 0, 8 * chunk_bytes);
    return disk;
}

void copy_all(TestRepository& from, TestRepository& to) {
    from.snapshots();
    to.snapshots();
    const CopyReport report =
        copy_snapshots(from.repository, to.repository, from.catalog->snapshots(), to.progress, {});
    for (const SnapshotCopy& row : report.snapshots) {
        INFO((row.error ? row.error->what() : ""));
        REQUIRE((row.outcome == CopyOutcome::copied || row.outcome == CopyOutcome::present));
    }
}

void put_all(const std::map<std::string, Bytes>& objects, MemoryBackend& to) {
    for (const auto& [name, bytes] : objects) to.put_if_absent(name, bytes);
}

std::map<std::string, Bytes> objects_in(const MemoryBackend& memory) {
    std::map<std::string, Bytes> objects;
    for (const std::string& name : memory.list("", "")) objects[name] = memory.get(name, {1u << 30}).value();
    return objects;
}

/// What is live are these nights, under their ids, and a fresh host reads each back.
void require_live(Backend& backend, const std::vector<Night>& nights) {
    TestRepository host(backend);
    std::vector<Night> found;
    for (const SnapshotRecord& record : host.snapshots())
        for (const Night& night : nights)
            if (night.record.id == record.id) found.push_back({record, night.bytes});
    REQUIRE(found.size() == nights.size());
    test::require_nights(host, found);
}

/// A backup whose parent is forgotten, pruned, and copied again before its n-th operation. False: it has fewer.
bool backup_survives_at(std::uint64_t n, TestRepository& origin, const Night& night) {
    MemoryBackend memory;
    EventfulBackend eventful(memory);
    TestRepository host(eventful);
    copy_all(origin, host);
    fakes::MemoryImage changed = disk_with(1);
    std::mt19937_64 random(2);
    changed.write_random(random, 2 * chunk_bytes, chunk_bytes);
    eventful.at(n, [&] {
        TestRepository other(memory);
        other.snapshots();
        test::forget(other, {night.record.id});
        test::prune_now(other);
        copy_all(origin, other);
    });
    const SnapshotRecord record = host.backup(changed, "a", 2);
    const bool has_happened = eventful.settle();
    require_live(memory, {night, {record, changed.bytes()}});
    return has_happened;
}

/// The same disk as "a" and as "b", each with its chunks in a pack of its own, because the two were backed up at once.
struct Twins {
    std::map<std::string, Bytes> objects;
    Night a;
    Night b;
};

Twins make_twins() {
    const fakes::MemoryImage disk = disk_with(1);
    for (std::uint64_t n = 1;; ++n) {
        MemoryBackend memory;
        EventfulBackend eventful(memory);
        TestRepository host(eventful);
        host.snapshots();
        Night b{{}, disk.bytes()};
        eventful.at(n, [&] { b.record = TestRepository(memory).backup(disk, "b", 1); });
        const Night a = test::back_up(host, disk, "a", 1);
        REQUIRE(eventful.settle());
        if (a.record.statistics.chunks_new == 8 && b.record.statistics.chunks_new == 8)
            return {objects_in(memory), a, b};
    }
}

/// A prune of what one twin needed. Before its n-th operation the other one is forgotten, and copied again. False: it
/// has fewer.
bool prune_survives_at(std::uint64_t n, const Twins& twins, TestRepository& origin, const Night& forgotten,
                       const Night& recopied) {
    MemoryBackend memory;
    put_all(twins.objects, memory);
    EventfulBackend eventful(memory);
    TestRepository host(eventful);
    host.snapshots();
    test::forget(host, {forgotten.record.id});
    eventful.at(n, [&] {
        TestRepository other(memory);
        other.snapshots();
        test::forget(other, {recopied.record.id});
        copy_snapshots(origin.repository, other.repository,
                       origin.catalog->snapshots_by_prefix(recopied.record.id.hex()), other.progress, {});
    });
    test::prune_now(host);
    const bool has_happened = eventful.settle();
    require_live(memory, {recopied});
    return has_happened;
}

}  // namespace

TEST_CASE("recopied snapshot: a backup does not mistake it for the parent that it began with", "[prune][copy]") {
    MemoryBackend source;
    TestRepository origin(source);
    const Night night = test::back_up(origin, disk_with(1), "a", 1);
    std::uint64_t n = 1;
    while (backup_survives_at(n, origin, night)) n += place_step;
    REQUIRE(n > 20);
}

TEST_CASE("recopied snapshot: a prune marks what its new map needs", "[prune][copy]") {
    const Twins twins = make_twins();
    MemoryBackend source;
    put_all(twins.objects, source);
    MemoryBackend second;
    TestRepository from(source);
    TestRepository origin(second);
    copy_all(from, origin);
    origin.snapshots();
    const bool is_a_recopied = GENERATE(true, false);  // whose pack a copy then hits is up to the catalog
    std::uint64_t n = 1;
    while (prune_survives_at(n, twins, origin, is_a_recopied ? twins.b : twins.a, is_a_recopied ? twins.a : twins.b))
        n += place_step;
    REQUIRE(n > 20);
}
