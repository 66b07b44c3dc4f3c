// Backups according to the trees of a thin pool: an honest pool is never accused, and only what it reports is read; a
// pool whose trees hide changes, with valid checksums, is caught at the documented rate of the audit, and then
// everything is compared.

#include <cmath>
#include <set>

#include <fmt/format.h>

#include "engine/backup/change_audit.h"
#include "formats/lvm/thin/reader.h"
#include "tests/catch.h"
#include "tests/fakes/known_change_source.h"
#include "tests/fakes/memory_backend.h"
#include "tests/formats/lvm/thin/editor.h"
#include "tests/formats/lvm/thin/thin_support.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

namespace varve::thin::test {
namespace {

using varve::test::TestRepository;

constexpr std::uint64_t disk_blocks = 2048;  // nine leaves of mappings
constexpr std::uint64_t data_blocks = disk_blocks + 300;
constexpr ByteCount block_size = kib(64);
constexpr DeviceId now_id = 1;
constexpr DeviceId before_id = 2;
constexpr DeviceId later_id = 3;
constexpr std::uint32_t frozen_at = 1;

void fill_random(ByteSpan bytes, std::mt19937_64& random) {
    for (std::size_t at = 0; at < bytes.size(); at += 8) store_le<std::uint64_t>(bytes.subspan(at), random());
}

/// A pool in memory with `now` and its snapshot `before`, which are initially the same.
class PoolInMemory {
public:
    explicit PoolInMemory(std::uint64_t seed)
        : editor_(MetadataFile(xml(), 64).bytes()),
          data_(std::make_shared<MemoryDisk>(Bytes(data_blocks * block_size.value))) {
        std::mt19937_64 random(seed);
        fill_random(data_->bytes(), random);
        editor_.snapshot(now_id, before_id, frozen_at);
    }

    /// The same data device, and the current metadata.
    PoolInMemory(const PoolInMemory&) = default;

    MetadataEditor& editor() { return editor_; }
    ByteSpan data_block(std::uint64_t number) {
        return ByteSpan(data_->bytes()).subspan(number * block_size.value, block_size.value);
    }

    /// The number of an unused data block; it holds random bytes.
    std::uint64_t new_block() {
        REQUIRE(next_ < data_blocks);
        return next_++;
    }

    /// What the kernel does when `now` writes to a block that it shares.
    void write(const std::set<std::uint64_t>& blocks, std::uint32_t time) {
        Edits edits;
        for (const std::uint64_t block : blocks) edits[block] = NewMapping{new_block(), time};
        editor_.edit(now_id, edits);
    }

    /// The same, but with trees according to which `before` has always had the new blocks.
    void write_and_hide(const std::set<std::uint64_t>& blocks) {
        Edits edits;
        for (const std::uint64_t block : blocks) edits[block] = NewMapping{new_block(), 0};
        editor_.edit(now_id, edits);
        editor_.edit(before_id, edits);
    }

    Reader disk(DeviceId id) const {
        const Pool pool = open_pool(editor_.bytes());
        return Reader({id, pool.mapping(id), block_size, {disk_blocks * block_size.value}, data_, nullptr});
    }

    Changes changes() const {
        const Pool pool = open_pool(editor_.bytes());
        const ByteCount size{disk_blocks * block_size.value};
        return Changes(pool.blocks, {pool.devices.find(before_id), pool.devices.find(now_id), frozen_at, block_size,
                                     size, size, ExternalOrigins::same});
    }

private:
    static std::string xml() {
        std::string text = fmt::format(
            "<superblock uuid=\"\" time=\"{}\" transaction=\"5\" flags=\"0\" version=\"2\" "
            "data_block_size=\"{}\" nr_data_blocks=\"{}\">\n"
            "<device dev_id=\"1\" mapped_blocks=\"{}\" transaction=\"0\" creation_time=\"0\" "
            "snap_time=\"0\">\n<range_mapping origin_begin=\"0\" data_begin=\"0\" length=\"{}\" "
            "time=\"0\"/>\n</device>\n",
            frozen_at, block_size.value / 512, data_blocks, disk_blocks, disk_blocks);
        for (const DeviceId id : {before_id, later_id})
            text += fmt::format(
                "<device dev_id=\"{}\" mapped_blocks=\"0\" transaction=\"1\" creation_time=\"1\" "
                "snap_time=\"1\">\n</device>\n",
                id);
        return text + "</superblock>\n";
    }

    MetadataEditor editor_;
    std::shared_ptr<MemoryDisk> data_;
    std::uint64_t next_ = disk_blocks;
};

std::set<std::uint64_t> some_blocks(std::mt19937_64& random, std::size_t count,
                                    const std::set<std::uint64_t>& others = {}) {
    std::set<std::uint64_t> blocks;
    while (blocks.size() < count)
        if (const std::uint64_t block = random() % disk_blocks; !others.contains(block)) blocks.insert(block);
    return blocks;
}

std::uint64_t reported_bytes(const Changes& changes, const ImageReader& now) {
    std::uint64_t bytes = 0;
    for (ByteOffset at; at.value < now.info().virtual_size.value;) {
        const ChangeRun run = changes.change_at(at);
        const Extent extent = now.extent_at(at);
        const ByteOffset end = std::min(run.end(), extent.end());
        if (run.may_differ && extent.kind == ExtentKind::data) bytes += (end - at).value;
        at = end;
    }
    return bytes;
}

SnapshotRecord back_up(TestRepository& repository, const ImageReader& disk, const std::string& name, TimeNs time,
                       const std::optional<fakes::KnownChangeSource>& changes = {},
                       std::uint32_t audit_chunks = audit_chunks_default) {
    BackupRequest request;
    request.disk = name;
    request.time = time;
    request.change_source = changes ? &*changes : nullptr;
    if (!changes) request.change_token = fakes::unique_token();
    request.audit_chunks = audit_chunks;
    return backup(repository.repository, disk, request, repository.progress, {});
}

}  // namespace

TEST_CASE("thin trees that hide changes are caught by the audit at the rate 1-(1-f)^N", "[lvm][thin][audit]") {
    struct Case {
        std::size_t reported;
        std::size_t hidden;
        std::uint32_t chunks;
    };
    const Case c = GENERATE(Case{40, 20, 64}, Case{0, 100, 16}, Case{120, 8, 200});
    constexpr int runs = test_rounds(200);
    const PoolInMemory first_pool(1);
    MemoryBackend backend;
    TestRepository repository(backend);
    const SnapshotRecord parent = back_up(repository, first_pool.disk(before_id), "vm", 1);
    const DiskMap map(repository.repository.chunks, parent);
    int caught = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed * 977);
        PoolInMemory pool = first_pool;
        const auto reported = some_blocks(random, c.reported);
        const auto hidden = some_blocks(random, c.hidden, reported);
        if (!reported.empty()) pool.write(reported, frozen_at);
        pool.write_and_hide(hidden);
        const Changes changes = pool.changes();
        REQUIRE(changes.before_is_untouched(disk_blocks));  // the trees alone do not reveal the lie
        const Reader now = pool.disk(now_id);
        REQUIRE(reported_bytes(changes, now) == c.reported * block_size.value);
        const ChangeAudit audit = audit_changes(now, changes, map, repository.repository.catalog, {c.chunks, seed}, {});
        REQUIRE((audit.wrong || audit.chunks == c.chunks));
        if (audit.wrong) REQUIRE(hidden.contains(audit.wrong->value));
        caught += audit.wrong ? 1 : 0;
    }
    const double rate =
        audit_promise(c.chunks, static_cast<double>(c.hidden) / static_cast<double>(disk_blocks - c.reported));
    const double sigma = std::sqrt(runs * rate * (1 - rate));
    CAPTURE(c.reported, c.hidden, c.chunks, caught, runs * rate, sigma);
    CHECK(std::abs(caught - runs * rate) <= 3 * sigma + 1);
}

TEST_CASE("thin trees that hide changes turn the backup into a full compare with a warning", "[lvm][thin][audit]") {
    PoolInMemory pool(2);
    MemoryBackend backend;
    TestRepository repository(backend);
    const SnapshotRecord parent = back_up(repository, pool.disk(before_id), "vm", 1);
    std::mt19937_64 random(7);
    const auto reported = some_blocks(random, 50);
    pool.write(reported, frozen_at);
    pool.write_and_hide(some_blocks(random, 30, reported));
    const Changes changes = pool.changes();
    const Reader now = pool.disk(now_id);

    const SnapshotRecord snapshot =
        back_up(repository, now, "vm", 2, fakes::KnownChangeSource(parent, changes, "thin"), 2000);
    CHECK(snapshot.parent == parent.id);
    CHECK(to_text(snapshot.change_detection) == "rescan, as thin was wrong");
    CHECK(snapshot.statistics.bytes_scanned == disk_blocks * block_size.value);
    CHECK(snapshot.statistics.bytes_changed == 80 * block_size.value);
    REQUIRE(repository.progress.warnings.size() == 1);
    CHECK_THAT(repository.progress.warnings[0], ContainsSubstring("'thin' IS WRONG"));
    CHECK(snapshot.root == back_up(repository, now, "other", 3).root);

    // Without the audit the lie is believed, and the root is wrong.
    const SnapshotRecord unaudited =
        back_up(repository, now, "vm", 4, fakes::KnownChangeSource(parent, changes, "thin"), 0);
    CHECK(unaudited.root != snapshot.root);
}

TEST_CASE("thin trees that hide nothing are never accused, and a backup reads only what they report",
          "[lvm][thin][audit]") {
    const PoolInMemory first_pool(3);
    MemoryBackend backend;
    TestRepository repository(backend);
    const SnapshotRecord parent = back_up(repository, first_pool.disk(before_id), "vm", 1);
    const DiskMap map(repository.repository.chunks, parent);
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        PoolInMemory pool = first_pool;
        // Writes, some of them in place to new blocks, a snapshot, writes after it, and discards.
        const auto first = some_blocks(random, 1 + random() % 60);
        pool.write(first, frozen_at);
        fill_random(pool.data_block(disk_blocks), random);
        if (random() % 2 == 0) pool.editor().snapshot(now_id, later_id, frozen_at + 1);
        pool.write(some_blocks(random, 1 + random() % 60), frozen_at + 1);
        if (random() % 2 == 0) {
            Edits discards;
            for (const std::uint64_t block : some_blocks(random, 20)) discards[block] = std::nullopt;
            pool.editor().edit(now_id, discards);
        }
        const Changes changes = pool.changes();
        REQUIRE(changes.before_is_untouched(disk_blocks));
        const Reader now = pool.disk(now_id);
        const ChangeAudit audit = audit_changes(now, changes, map, repository.repository.catalog, {64, seed}, {});
        REQUIRE(!audit.wrong);
        REQUIRE(audit.chunks == 64);
        if (seed % 20 != 0) continue;
        const SnapshotRecord snapshot = back_up(repository, now, "vm", static_cast<TimeNs>(seed) * 10,
                                                fakes::KnownChangeSource(parent, changes, "thin"), 64);
        CHECK(to_text(snapshot.change_detection) == "thin");
        CHECK(snapshot.statistics.bytes_scanned == reported_bytes(changes, now));
        CHECK(snapshot.root == back_up(repository, now, "other", static_cast<TimeNs>(seed)).root);
        CHECK(repository.progress.warnings.empty());
    }
}

}  // namespace varve::thin::test
