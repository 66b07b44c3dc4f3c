// The check job: verify without guest data.

#include <algorithm>
#include <functional>
#include <set>

#include "store/pack/pack_names.h"
#include "tests/catch.h"
#include "tests/fakes/eventful_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/new_program.h"
#include "tests/support/prune_by_hand.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

fakes::MemoryImage ten_chunks(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(10 * chunk_bytes);
    disk.write_random(random, 0, 10 * chunk_bytes);
    return disk;
}

std::vector<ListedPack> packs_of_kind(const TestRepository& host, PackKind kind) {
    std::vector<ListedPack> packs = host.catalog->packs();
    std::erase_if(
        packs, [&](const ListedPack& pack) { return pack.facts.kind != kind || pack.state != PackState::committed; });
    return packs;
}

void change(MemoryBackend& backend, const PackId& pack, const std::function<void(Bytes&)>& change) {
    Bytes bytes = *backend.get(pack_name(pack), mib(64));
    change(bytes);
    backend.replace(pack_name(pack), std::move(bytes));
}

/// Of this kind, by snapshot in hex.
std::set<std::string> snapshots_with(const VerifyReport& report, FindingKind kind) {
    std::set<std::string> snapshots;
    for (const Finding& finding : report.findings)
        if (finding.kind == kind) snapshots.insert(finding.snapshot);
    return snapshots;
}

bool has(const VerifyReport& report, FindingKind kind) { return !snapshots_with(report, kind).empty(); }

/// A disk and its clone: what damages one of them damages both.
struct TwoDisks {
    MemoryBackend backend;
    TestRepository host{backend};
    const fakes::MemoryImage disk = ten_chunks(1);
    const SnapshotRecord first = host.backup(disk, "a", 1);
    const SnapshotRecord second = host.backup(disk, "b", 2);
    const PackId data = packs_of_kind(host, PackKind::data).front().facts.id;
    const std::set<std::string> both{first.id.hex(), second.id.hex()};
};

/// Three nights, of which the last one is left: it uses no page of the metadata packs of the others. One of those has a
/// move table, both have a copy of a slot table.
void make_unused_tables(MemoryBackend& backend) {
    TestRepository host(backend);
    fakes::MemoryImage disk(2 * chunk_bytes);
    std::mt19937_64 random(4);
    disk.write_random(random, 0, 2 * chunk_bytes);
    const SnapshotRecord first = host.backup(disk, "a", 1);
    test::PruneByHand(backend).run();
    disk.write_random(random, 0, chunk_bytes);
    const SnapshotRecord second = host.backup(disk, "a", 2);
    disk.write_random(random, chunk_bytes, chunk_bytes);
    host.backup(disk, "a", 3);
    for (const SnapshotRecord& night : {first, second}) test::PruneByHand(backend).forget(night);
}

}  // namespace

TEST_CASE("check: a sound repository has no findings, and everything in it is counted", "[engine][check]") {
    TwoDisks world;
    std::mt19937_64 random(3);
    fakes::MemoryImage changed = world.disk;
    changed.write_random(random, 0, chunk_bytes);
    world.host.backup(changed, "a", 3);
    test::PruneByHand(world.backend).run();
    const VerifyReport report = world.host.check();
    REQUIRE(report.findings.empty());
    REQUIRE(report.mode == VerifyMode::structure);
    REQUIRE(report.checked_entries == 4);
    REQUIRE(report.checked_packs == 2);        // of data and of metadata
    REQUIRE(report.checked_slot_tables == 3);  // one in each, and the copy
    REQUIRE(report.checked_move_tables == 1);
    REQUIRE(report.checked_pages == 12);  // three maps of four levels
    REQUIRE(report.snapshots.size() == 3);
    REQUIRE(report.checked_chunks == 0);
    REQUIRE(report.read_packs.empty());
}

TEST_CASE("check: guest data is not read", "[engine][check]") {
    TwoDisks world;
    const auto table = world.host.catalog->slots(world.data);
    change(world.backend, world.data, [&](Bytes& bytes) {
        const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(table->frames.front().offset);
        const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(table->frames.back().end());
        std::fill(begin, end, std::byte{0x5a});
    });
    REQUIRE(world.host.check().findings.empty());
    REQUIRE(has(world.host.verify(), FindingKind::chunk_damaged));
}

TEST_CASE("check: what an earlier verify found damaged in guest data is reported until a verify finds it sound",
          "[engine][check]") {
    TwoDisks world;
    const Frame frame = world.host.catalog->slots(world.data)->frames.front();
    const auto flip = [&](Bytes& bytes) { bytes[frame.offset + frame.header_bytes + 9] ^= std::byte{1}; };
    change(world.backend, world.data, flip);
    REQUIRE(snapshots_with(world.host.verify(), FindingKind::chunk_damaged) == world.both);
    const VerifyReport report = world.host.check();
    REQUIRE(snapshots_with(report, FindingKind::chunk_damaged) == world.both);
    REQUIRE_THAT(report.findings.front().message, ContainsSubstring("an earlier verify on this host"));
    change(world.backend, world.data, flip);
    REQUIRE(has(world.host.check(), FindingKind::chunk_damaged));  // it cannot know
    REQUIRE(world.host.verify().findings.empty());
    REQUIRE(world.host.check().findings.empty());
}

TEST_CASE("check: a missing data pack is named with every snapshot, disk and range that needs it", "[engine][check]") {
    TwoDisks world;
    world.backend.remove(pack_name(world.data));
    const VerifyReport report = world.host.check();
    REQUIRE(std::ranges::count(report.findings, FindingKind::pack_missing, &Finding::kind) == 1);
    REQUIRE(snapshots_with(report, FindingKind::chunk_damaged) == world.both);
    std::uint64_t lost = 0;
    for (const Finding& finding : report.findings)
        if (finding.kind == FindingKind::chunk_damaged && finding.disk == "b") lost += finding.length;
    REQUIRE(lost == 10 * chunk_bytes);
    REQUIRE(std::ranges::none_of(report.snapshots, &VerifiedSnapshot::is_whole));
}

TEST_CASE("check: a truncated data pack costs the ranges past the cut", "[engine][check]") {
    TwoDisks world;
    const auto table = world.host.catalog->slots(world.data);
    const Frame& last = table->frames.back();
    change(world.backend, world.data, [&](Bytes& bytes) { bytes.resize(last.offset + 5); });
    const VerifyReport report = world.host.check();
    REQUIRE(has(report, FindingKind::pack_damaged));
    REQUIRE(snapshots_with(report, FindingKind::chunk_damaged) == world.both);
    std::uint64_t lost = 0;
    for (const Finding& finding : report.findings)
        if (finding.kind == FindingKind::chunk_damaged && finding.disk == "a") lost += finding.length;
    REQUIRE(lost == last.slot_count * chunk_bytes);
    REQUIRE(world.host.damage.slots.size() == last.slot_count);  // no backup on this host builds on them
}

TEST_CASE("check: a data pack whose slot table has no sound copy is named, although nothing is lost yet",
          "[engine][check]") {
    MemoryBackend backend;
    TestRepository host(backend);
    host.backup(ten_chunks(2), "d", 1);
    const PackId metadata = packs_of_kind(host, PackKind::metadata).front().facts.id;
    const auto table = host.catalog->slots(metadata);
    const auto copy = std::ranges::find(table->slots, SlotKind::slot_table, &Slot::kind);
    REQUIRE(copy != table->slots.end());
    const Frame frame = table->frames[copy->frame];
    change(backend, metadata, [&](Bytes& bytes) { bytes[frame.offset + frame.header_bytes + 9] ^= std::byte{1}; });
    TestRepository fresh(backend);
    const VerifyReport report = fresh.check();
    REQUIRE(has(report, FindingKind::pack_damaged));
    REQUIRE(has(report, FindingKind::slot_table_damaged));
}

TEST_CASE("check: a damaged move table is named with its entry", "[engine][check]") {
    TwoDisks world;
    test::PruneByHand(world.backend).run();
    world.host.snapshots();
    const PackId metadata = packs_of_kind(world.host, PackKind::metadata).front().facts.id;
    const auto table = world.host.catalog->slots(metadata);
    const auto moved = std::ranges::find(table->slots, SlotKind::move_table, &Slot::kind);
    REQUIRE(moved != table->slots.end());
    const Frame frame = table->frames[moved->frame];
    // A compressed frame is lost as a whole with the magic of zstd; a byte further on may belong to another slot.
    const std::size_t at = frame.codec == FrameCodec::plain ? moved->offset : 0;
    change(world.backend, metadata,
           [&](Bytes& bytes) { bytes[frame.offset + frame.header_bytes + at] ^= std::byte{1}; });
    TestRepository fresh(world.backend);  // no frame of the pack is cached
    const VerifyReport report = fresh.check();
    const auto found = std::ranges::find(report.findings, FindingKind::move_table_damaged, &Finding::kind);
    REQUIRE(found != report.findings.end());
    REQUIRE_THAT(found->message, ContainsSubstring("move table of log entry 3"));
    REQUIRE_THAT(found->object, ContainsSubstring(metadata.hex()));
}

TEST_CASE("check: a prune by another host at any moment of it is not taken for damage", "[engine][check]") {
    MemoryBackend content;
    make_unused_tables(content);
    std::uint64_t n = 1;
    for (bool has_happened = true; has_happened; n += test_place_step) {
        MemoryBackend memory;
        for (const std::string& name : content.list("", "")) memory.put_if_absent(name, *content.get(name, mib(64)));
        TestRepository host(memory);
        host.snapshots();
        EventfulBackend eventful(memory);
        eventful.at(n, [&] { test::PruneByHand(memory).run(); });
        const VerifyReport report = test::verify_in_new_program(eventful, host.catalog.get(), VerifyDepth::structure);
        has_happened = eventful.settle();
        INFO(n << ": " << (report.findings.empty() ? "" : report.findings.front().message));
        REQUIRE(report.findings.empty());
    }
    REQUIRE(n > 20);
}
