// A prune by another program at any moment of ours: move entries, written by hand.

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/packs_of.h"
#include "tests/support/prune_by_hand.h"

using namespace varve;
using test::PruneByHand;
using test::TestRepository;

namespace {

fakes::MemoryImage some_disk(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(20u << 20);
    disk.write_random(random, 0, 30 * chunk_bytes);
    return disk;
}

/// A source that runs a callback once, in the middle of being read.
class Interrupted final : public ImageReader {
public:
    Interrupted(const ImageReader& inner, std::function<void()> event) : inner_(inner), event_(std::move(event)) {}
    const ImageInfo& info() const override { return inner_.info(); }
    Extent extent_at(ByteOffset at) const override { return inner_.extent_at(at); }
    void read(ByteOffset at, ByteSpan out) const override {
        std::call_once(once_, event_);
        inner_.read(at, out);
    }
    ByteCount bytes_read() const override { return inner_.bytes_read(); }
    void check_unchanged() const override { inner_.check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return inner_.unreadable(); }
    std::vector<std::string> late_warnings() const override { return inner_.late_warnings(); }

private:
    const ImageReader& inner_;
    const std::function<void()> event_;
    mutable std::once_flag once_;
};

}  // namespace

TEST_CASE("moved packs: snapshots are read through move tables, by hosts that have read them and by one that has not",
          "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    fakes::MemoryImage disk = some_disk(1);
    const SnapshotRecord first = host.backup(disk, "d", 1);
    const Bytes first_bytes = disk.bytes();
    std::mt19937_64 random(2);
    disk.write_random(random, 4096, 4096);
    const SnapshotRecord second = host.backup(disk, "d", 2);

    PruneByHand(backend).run();
    PruneByHand(backend).run();  // moves of moves
    REQUIRE(host.restored_bytes(first) ==
            first_bytes);  // host's catalog is behind: a missing pack makes it read the log
    REQUIRE(host.restored_bytes(second) == disk.bytes());
    TestRepository fresh(backend);
    REQUIRE(fresh.snapshots().size() == 2);
    REQUIRE(fresh.restored_bytes(first) == first_bytes);
    REQUIRE(fresh.verify().findings.empty());
    REQUIRE(test::chunks_stored_twice(fresh.chunks) == 0);
}

TEST_CASE("moved packs: a backup after a prune inherits, deduplicates and diffs as before", "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    fakes::MemoryImage disk = some_disk(3);
    const SnapshotRecord first = host.backup(disk, "d", 1);
    PruneByHand(backend).run();
    std::mt19937_64 random(4);
    disk.write_random(random, 0, 10);
    const SnapshotRecord second = host.backup(disk, "d", 2);
    REQUIRE(second.statistics.chunks_new == 1);
    const SnapshotRecord other = host.backup(disk, "other", 2);
    REQUIRE(other.statistics.chunks_new == 0);
    REQUIRE(diff(host.repository, first, second, DiffDetail::bytes).bytes_changed.value == chunk_bytes);
    REQUIRE(host.verify().findings.empty());
}

TEST_CASE("moved packs: a prune in the middle of a backup that reuses chunks loses nothing", "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage disk = some_disk(5);
    const SnapshotRecord first = host.backup(disk, "a", 1);
    // Disk b is a's clone, so all of it is dedup hits in packs that the prune condemns.
    const Interrupted source(disk, [&] { PruneByHand(backend).run(); });
    const SnapshotRecord second = host.backup(source, "b", 2);
    REQUIRE(host.restored_bytes(first) == disk.bytes());
    REQUIRE(host.restored_bytes(second) == disk.bytes());
    REQUIRE(host.verify().findings.empty());
}

TEST_CASE("moved packs: nothing is lost when the parent is forgotten and pruned during a backup", "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    fakes::MemoryImage disk = some_disk(6);
    const SnapshotRecord first = host.backup(disk, "d", 1);
    std::mt19937_64 random(7);
    disk.write_random(random, 100, 100);
    const Interrupted source(disk, [&] {
        PruneByHand prune(backend);
        prune.forget(first);
        prune.run();
    });
    const SnapshotRecord second = host.backup(source, "d", 2);
    REQUIRE(host.snapshots().size() == 1);
    REQUIRE(host.restored_bytes(second) == disk.bytes());
    REQUIRE(host.verify().findings.empty());
    REQUIRE(host.progress.warnings.size() == 1);  // it started again, with a warning
}

TEST_CASE("moved packs: an overtaken backup of a source that cannot be read again fails and commits nothing",
          "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage disk = some_disk(8);
    host.backup(disk, "a", 1);
    const Interrupted source(disk, [&] { PruneByHand(backend).run(); });
    BackupRequest request;
    request.disk = "b";
    request.can_restart = false;
    REQUIRE_THROWS_WITH(varve::backup(host.repository, source, request, host.progress, {}),
                        ContainsSubstring("run the backup again"));
    REQUIRE(host.snapshots().size() == 1);
}

TEST_CASE("moved packs: an orphan that a prune condemned is never used again", "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage disk = some_disk(9);
    {
        auto session = host.chunks.begin_session();  // a backup that dies before its entry
        const ByteView bytes = ByteView(disk.bytes()).first(chunk_bytes);
        session->put_chunk(sha256(bytes), Fingerprinter(host.info.fingerprint_seed).of(bytes), bytes);
        session->finish();
    }
    PruneByHand(backend).run();
    const SnapshotRecord snapshot = host.backup(disk, "d", 1);
    REQUIRE(snapshot.statistics.chunks_new == 30);
    REQUIRE(host.restored_bytes(snapshot) == disk.bytes());
}

TEST_CASE("moved packs: whole packs of a killed backup are adopted, not stored twice", "[engine][move]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage disk = some_disk(10);
    {
        auto session = host.chunks.begin_session();
        for (int i = 0; i < 10; ++i) {
            const ByteView bytes =
                ByteView(disk.bytes()).subspan(static_cast<std::size_t>(i) * chunk_bytes, chunk_bytes);
            session->put_chunk(sha256(bytes), Fingerprinter(host.info.fingerprint_seed).of(bytes), bytes);
        }
        session->finish();
    }
    const SnapshotRecord snapshot = host.backup(disk, "d", 1);
    REQUIRE(snapshot.statistics.chunks_new == 20);
    REQUIRE(snapshot.statistics.chunks_reused == 10);
    REQUIRE(test::chunks_stored_twice(host.chunks) == 0);
    TestRepository fresh(backend);  // finds the adopted pack's slot table only through the commit
    REQUIRE(fresh.snapshots().size() == 1);
    REQUIRE(fresh.restored_bytes(snapshot) == disk.bytes());
}

TEST_CASE("moved packs: a catalog rebuilt during a backup makes it start again", "[engine][move]") {
    // The catalog is discarded after hits were found in it, while a later part of the disk is read.
    class InterruptedLate final : public ImageReader {
    public:
        InterruptedLate(const ImageReader& inner, std::function<void()> event)
            : inner_(inner), event_(std::move(event)) {}
        const ImageInfo& info() const override { return inner_.info(); }
        Extent extent_at(ByteOffset at) const override { return inner_.extent_at(at); }
        void read(ByteOffset at, ByteSpan out) const override {
            if (at.value >= 60u << 20) std::call_once(once_, event_);
            inner_.read(at, out);
        }
        ByteCount bytes_read() const override { return inner_.bytes_read(); }
        void check_unchanged() const override { inner_.check_unchanged(); }
        std::vector<ByteRange> unreadable() const override { return inner_.unreadable(); }
        std::vector<std::string> late_warnings() const override { return inner_.late_warnings(); }

    private:
        const ImageReader& inner_;
        const std::function<void()> event_;
        mutable std::once_flag once_;
    };
    MemoryBackend backend;
    TestRepository host(backend);
    std::mt19937_64 random(11);
    fakes::MemoryImage disk(64u << 20);
    for (std::uint64_t mib_at = 0; mib_at < 64; mib_at += 2) disk.write_random(random, mib_at << 20, chunk_bytes);
    host.backup(disk, "a", 1);
    const InterruptedLate source(disk, [&] { host.catalog->replace(host.log.genesis(), [](Catalog&) {}); });
    const SnapshotRecord second = host.backup(source, "b", 2);
    REQUIRE(host.progress.warnings.size() == 1);
    REQUIRE_THAT(host.progress.warnings.front(), ContainsSubstring("starting again"));
    REQUIRE(host.restored_bytes(second) == disk.bytes());
    REQUIRE(test::chunks_stored_twice(host.chunks) == 0);
    REQUIRE(host.verify().findings.empty());
}
