#include "engine/repository/catalog_sync.h"

#include "tests/catalog/dump_catalog.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/support/prune_by_hand.h"

using namespace varve;
using test::PruneByHand;
using test::TestRepository;

namespace {

/// Backups of two disks, an orphan that is adopted and one that is not, a snapshot forgotten, everything moved once.
void live_through_everything(Backend& backend, TestRepository& host) {
    std::mt19937_64 random(31);
    fakes::MemoryImage disk(24u << 20);
    disk.write_random(random, 0, 40 * chunk_bytes);
    {
        auto session = host.chunks.begin_session();
        const ByteView bytes = ByteView(disk.bytes()).first(chunk_bytes);
        session->put_chunk(sha256(bytes), Fingerprinter(host.info.fingerprint_seed).of(bytes), bytes);
        session->finish();
    }
    const SnapshotRecord first = host.backup(disk, "a", 1);
    host.backup(disk, "b", 2);
    disk.write_random(random, 5 * chunk_bytes, 3 * chunk_bytes);
    host.backup(disk, "a", 3);
    PruneByHand prune(backend);
    prune.forget(first);
    prune.run();
    disk.write_random(random, 9 * chunk_bytes, 100);
    host.backup(disk, "a", 4);
}

}  // namespace

TEST_CASE("catalog sync: a rebuilt catalog equals one that followed the log from the start, row by row",
          "[engine][catalog]") {
    MemoryBackend backend;
    const TemporaryFolder cache, other_cache;
    TestRepository host(backend, {}, cache.path());
    live_through_everything(backend, host);
    catch_up(host.repository, host.progress);
    const std::string lived = dump_catalog(cache.path());
    REQUIRE(lived.size() > 1000);

    const LogHead head = rebuild(host.repository, host.progress);
    REQUIRE(head == host.catalog->head());
    REQUIRE(dump_catalog(cache.path()) == lived);

    TestRepository other(backend, {}, other_cache.path());
    catch_up(other.repository, other.progress);
    REQUIRE(dump_catalog(other_cache.path()) == lived);
    REQUIRE(other.verify().findings.empty());
}

TEST_CASE("catalog sync: a log that was rolled back is detected, reported and read again", "[engine][catalog]") {
    MemoryBackend backend;
    TestRepository host(backend);
    std::mt19937_64 random(32);
    fakes::MemoryImage disk(1u << 20);
    disk.write_random(random, 0, chunk_bytes);
    const SnapshotRecord first = host.backup(disk, "a", 1);
    host.backup(disk, "a", 2);
    backend.remove("log/0000000000000002");
    REQUIRE(host.snapshots() == std::vector{first});
    REQUIRE(host.progress.warnings.size() == 1);
    REQUIRE_THAT(host.progress.warnings.front(), ContainsSubstring("rolled back"));
}
