// A map of a few KiB that a hostile writer made: each page has the same page below it 256 times, so the disk is as
// large as a disk can be, and one damaged page or chunk is at millions of places of it.

#include <algorithm>

#include "engine/backup/commit.h"
#include "engine/prune/prune.h"
#include "engine/repository/disk_map.h"
#include "store/pack/pack_names.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

/// The page above pages of `level` − 1.
Subtree put_page(PackSession& session, int level, const std::array<Subtree, map_fanout>& entries) {
    InnerPage page;
    page.level = level;
    page.entries = entries;
    return {MapKind::present, inner_digest(page), session.put_metadata(SlotKind::page, encode(page))};
}

Subtree put_repeated_leaf(PackSession& session, const ChunkAddress& chunk, const ChunkId& id) {
    LeafPage leaf;
    leaf.entries.fill({MapKind::present, chunk});
    std::array<ChunkId, map_fanout> ids;
    ids.fill(id);
    return {MapKind::present, leaf_digest(ids), session.put_metadata(SlotKind::page, encode(leaf))};
}

SnapshotRecord record_of(const std::string& disk, ByteCount size, const Subtree& root) {
    SnapshotRecord record;
    record.id = SnapshotId::make();
    record.disk = disk;
    record.size = size;
    record.map_digest = root.digest;
    record.map = root.page;
    record.root = root_identity(size, root.digest);
    return record;
}

void enter(TestRepository& host, PackSession& session, const std::vector<SnapshotRecord>& snapshots) {
    CommitEntry entry;
    entry.snapshots = snapshots;
    commit(host.repository, entry, session.finish(), {host.catalog->last_move(), {}}, host.progress);
}

/// Two snapshots with the same map, of which `chunk` is everywhere.
void commit_repeated_chunk(TestRepository& host, const ChunkAddress& chunk, const ChunkId& id) {
    const auto session = host.chunks.begin_session();
    Subtree below = put_repeated_leaf(*session, chunk, id);
    for (int level = 1; level <= map_root_level; ++level) {
        std::array<Subtree, map_fanout> entries;
        entries.fill(below);
        below = put_page(*session, level, entries);
    }
    enter(host, *session,
          {record_of("first", map_disk_bytes_max, below), record_of("second", map_disk_bytes_max, below)});
}

/// The addresses of the snapshot's root page, of the pages below it down to the first leaf, and of its first chunk.
struct Addresses {
    std::vector<ChunkAddress> pages;
    ChunkAddress chunk;
};
Addresses addresses_of(TestRepository& host, const SnapshotRecord& snapshot) {
    Addresses found;
    const DiskMap map(host.chunks, snapshot);
    for (int level = map_root_level; level >= 0; --level) found.pages.push_back(map.subtree(level, 0).page);
    found.chunk = map.leaf(map.subtree(0, 0))->entries[0].address;
    return found;
}

/// A disk of one chunk.
struct OneChunk {
    explicit OneChunk(unsigned seed) {
        std::mt19937_64 random(seed);
        disk.write_random(random, 0, chunk_bytes);
    }
    fakes::MemoryImage disk{chunk_bytes};
};

/// The first of the two names as many places as there may be; the other is named, too.
void require_bounded(const VerifyReport& report) {
    CHECK(report.findings.size() <= places_max + 10);
    const auto is_whole = [&](const std::string& disk) {
        return std::ranges::any_of(report.snapshots, [&](const VerifiedSnapshot& snapshot) {
            return snapshot.disk == disk && snapshot.is_whole;
        });
    };
    CHECK_FALSE(is_whole("first"));
    CHECK_FALSE(is_whole("second"));
    CHECK(is_whole("model"));
}

}  // namespace

TEST_CASE("hostile map: one damaged page at millions of places is reported within bounds", "[engine][verify][check]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const OneChunk one(1);
    const ChunkAddress chunk = addresses_of(host, host.backup(one.disk, "model", 1)).chunk;
    commit_repeated_chunk(host, {chunk.pack, chunk.slot + 1}, sha256(one.disk.bytes()));  // it has no such slot
    require_bounded(host.check());
}

TEST_CASE("hostile map: one damaged chunk at millions of places is reported within bounds", "[engine][verify]") {
    MemoryBackend backend;
    TestRepository host(backend);
    host.backup(OneChunk(1).disk, "model", 1);
    const OneChunk lost(2);
    const ChunkAddress chunk = addresses_of(host, host.backup(lost.disk, "lost", 1)).chunk;
    commit_repeated_chunk(host, chunk, sha256(lost.disk.bytes()));
    CHECK(host.check().findings.empty());
    Bytes pack = *backend.get(pack_name(chunk.pack), mib(1));
    pack[pack.size() / 2] ^= std::byte{1};
    backend.replace(pack_name(chunk.pack), std::move(pack));
    require_bounded(host.verify());
}

TEST_CASE("hostile map: a snapshot that names pages of another one as its own content makes prune refuse, not lose it",
          "[engine][prune]") {
    // Prune takes a page that it has seen for one below which everything is marked as needed.
    const bool as_attachment = GENERATE(false, true);
    MemoryBackend backend;
    TestRepository host(backend);
    const OneChunk one(1);
    const SnapshotRecord victim = host.backup(one.disk, "victim", 1);
    const auto session = host.chunks.begin_session();
    const Addresses addresses = addresses_of(host, victim);
    Subtree below = put_repeated_leaf(*session, as_attachment ? addresses.chunk : addresses.pages.front(), victim.root);
    for (int level = 1; level <= map_root_level; ++level) {
        std::array<Subtree, map_fanout> entries;
        entries[0] = below;
        below = put_page(*session, level, entries);
    }
    SnapshotRecord hostile = record_of("a disk before that of the victim", {leaf_bytes}, below);
    if (as_attachment) hostile.attachments = {{"a.xml", addresses.pages.front(), 40}};
    enter(host, *session, {hostile});

    CHECK_THROWS_WITH(prune(host.repository, {}, host.progress, {}), ContainsSubstring("expected a slot of kind"));
    REQUIRE(host.restores_to(victim, one.disk.bytes()));
}
