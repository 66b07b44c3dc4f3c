#include "engine/jobs/verify.h"
#include "engine/jobs/verify_against.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/repository/disk_map.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/steady_image.h"
#include "tests/support/group_by_hand.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

Bytes object(const Backend& backend, const std::string& name) { return *backend.get(name, mib(1024)); }

void replace(Backend& backend, const std::string& name, const Bytes& bytes) {
    backend.remove(name);
    REQUIRE(backend.put_if_absent(name, bytes) == PutResult::stored);
}

fakes::MemoryImage random_disk(std::uint64_t seed, std::uint64_t size) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(size);
    disk.write_random(random, 0, size);
    return disk;
}

}  // namespace

TEST_CASE("verify: every flipped byte of every pack is found, and the affected snapshots are named",
          "[engine][verify]") {
    MemoryBackend backend;
    TestRepository first(backend);
    const fakes::MemoryImage disk = random_disk(1, 6 * chunk_bytes);
    const SnapshotRecord snapshot = first.backup(disk, "d");
    std::mt19937_64 random(11);
    for (const std::string& name : backend.list("packs/", {})) {
        const Bytes whole = object(backend, name);
        for (int round = 0; round < 60; ++round) {
            Bytes bad = whole;
            const std::size_t at = random() % bad.size();
            bad[at] ^= static_cast<std::byte>(1 + random() % 255);
            replace(backend, name, bad);
            INFO(name << " byte " << at);
            const VerifyReport report = first.verify();
            REQUIRE_FALSE(report.findings.empty());
            for (const Finding& finding : report.findings) REQUIRE_FALSE(finding.message.empty());
        }
        replace(backend, name, whole);
    }
    REQUIRE(TestRepository(backend).verify().findings.empty());  // first may have cached a damaged frame
}

TEST_CASE("verify: a damaged chunk is reported with its disk, offset and length, and the rest is checked",
          "[engine][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(2, 64 * chunk_bytes);
    const SnapshotRecord snapshot = repository.backup(disk, "web01/vda");
    // Random bytes do not compress: the data pack is the large one, and its middle is within some chunk's bytes.
    for (const std::string& name : backend.list("packs/", {})) {
        Bytes bytes = object(backend, name);
        if (bytes.size() < mib(1).value) continue;
        bytes[bytes.size() / 2] ^= std::byte{1};
        replace(backend, name, bytes);
    }
    const VerifyReport report = repository.verify();
    REQUIRE(report.checked_chunks == 64);
    bool found = false;
    for (const Finding& finding : report.findings) {
        if (finding.kind != FindingKind::chunk_damaged) continue;
        found = true;
        REQUIRE(finding.disk == "web01/vda");
        REQUIRE(finding.snapshot == snapshot.id.hex());
        REQUIRE(finding.length == chunk_bytes);
        Bytes part(chunk_bytes);
    }
    REQUIRE(found);
    REQUIRE_THROWS_WITH(repository.restored_bytes(snapshot), ContainsSubstring("web01/vda"));
}

TEST_CASE("verify: damage below a map page that snapshots share is reported for each of them", "[engine][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(9, 3 * leaf_bytes);
    const SnapshotRecord first = repository.backup(disk, "d", 1);
    const SnapshotRecord second = repository.backup(disk, "d", 2);  // the same map, down from its root
    REQUIRE(second.map == first.map);
    const DiskMap map(repository.chunks, first);
    const ChunkAddress page = map.subtree(0, 1).page;
    const Frame& frame = repository.catalog->slots(page.pack)->frames.at(
        repository.catalog->slots(page.pack)->slots.at(page.slot).frame);
    const std::string name = "packs/" + page.pack.hex().substr(0, 2) + "/" + page.pack.hex();
    Bytes bytes = object(backend, name);
    bytes[frame.offset + frame.header_bytes + frame.stored_bytes / 2] ^= std::byte{1};
    replace(backend, name, bytes);

    TestRepository fresh(backend);  // no frame of the pack is cached
    const VerifyReport report = fresh.verify();
    for (const SnapshotRecord& snapshot : {first, second})
        REQUIRE(std::ranges::any_of(report.findings, [&](const Finding& finding) {
            return finding.kind == FindingKind::map_damaged && finding.snapshot == snapshot.id.hex();
        }));
    REQUIRE(report.snapshots.size() == 2);
    REQUIRE_FALSE(report.snapshots[0].is_whole);
    REQUIRE_FALSE(report.snapshots[1].is_whole);
}

TEST_CASE("verify: chunks and pages past the disk's end are damage, also when a larger disk shares the map",
          "[engine][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const SnapshotRecord large = repository.backup(random_disk(8, 3 * leaf_bytes), "d", 1);
    const std::uint64_t size = GENERATE(std::uint64_t{2} * leaf_bytes, 2 * leaf_bytes + 5 * chunk_bytes);
    const auto shrink = [&](std::vector<SnapshotRecord>& members) {
        members.front().size = {size};
        members.front().root = root_identity({size}, members.front().map_digest);
    };
    const SnapshotRecord small =
        test::commit_group(repository.repository, repository.progress, "group", {large}, {}, shrink).front();
    const VerifyReport report = repository.verify();
    REQUIRE(report.findings.size() == 1);
    REQUIRE(report.findings[0].kind == FindingKind::map_damaged);
    REQUIRE(report.findings[0].snapshot == small.id.hex());
    REQUIRE_THAT(report.findings[0].message, ContainsSubstring("past the disk's end"));
}

TEST_CASE("verify: a missing pack is reported once, with every range that needs it", "[engine][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(3, 10 * chunk_bytes);
    repository.backup(disk, "d");
    for (const std::string& name : backend.list("packs/", {}))
        if (object(backend, name).size() > 5 * chunk_bytes) backend.remove(name);
    const VerifyReport report = repository.verify();
    std::size_t missing = 0;
    std::uint64_t damaged = 0;
    for (const Finding& finding : report.findings) {
        if (finding.kind == FindingKind::pack_missing) ++missing;
        if (finding.kind == FindingKind::chunk_damaged) damaged += finding.length;
    }
    REQUIRE(missing == 1);
    REQUIRE(damaged == 10 * chunk_bytes);
}

TEST_CASE("verify: comparing with the image that was backed up finds nothing, with another image the difference",
          "[engine][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = random_disk(4, 300 * chunk_bytes + 5);
    disk.clear(100 * chunk_bytes, 30 * chunk_bytes, ExtentKind::zero);
    const SnapshotRecord snapshot = repository.backup(disk, "d");
    REQUIRE(verify_against(repository.repository, snapshot, disk, repository.progress, {}).findings.empty());
    std::mt19937_64 random(5);
    disk.write_random(random, 270 * chunk_bytes + 17, 1);
    disk.clear(5 * chunk_bytes, chunk_bytes, ExtentKind::unallocated);
    const VerifyReport report = verify_against(repository.repository, snapshot, disk, repository.progress, {});
    REQUIRE(report.findings.size() == 2);
    REQUIRE(report.findings[0].offset == 5 * chunk_bytes);
    REQUIRE(report.findings[1].offset == 270 * chunk_bytes);
    const std::uint64_t size = snapshot.size.value;
    disk.resize(299 * chunk_bytes);
    const auto shorter = verify_against(repository.repository, snapshot, disk, repository.progress, {}).findings;
    REQUIRE(shorter.size() == 3);
    REQUIRE(shorter[0].offset == 5 * chunk_bytes);
    REQUIRE(shorter[1].offset <= 270 * chunk_bytes + 17);
    REQUIRE(shorter[2].offset == 299 * chunk_bytes);
    REQUIRE(shorter[2].offset + shorter[2].length == size);
    REQUIRE_THAT(shorter[2].message, ContainsSubstring("the image has 19595264 bytes, the snapshot 19660805"));
}

TEST_CASE("verify: a longer image has a finding for its excess alone if the rest is the same", "[engine][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = random_disk(6, 20 * chunk_bytes + 5);
    const SnapshotRecord snapshot = repository.backup(disk, "d");
    disk.resize(21 * chunk_bytes);
    const VerifyReport report = verify_against(repository.repository, snapshot, disk, repository.progress, {});
    REQUIRE(report.mode == VerifyMode::against_image);
    REQUIRE(report.findings.size() == 1);
    REQUIRE(report.findings[0].offset == 20 * chunk_bytes + 5);
    REQUIRE_THAT(report.findings[0].message, ContainsSubstring("the part that both have is the same"));
}

TEST_CASE("verify: comparing with an image that changed while it was read is an error", "[engine][verify]") {
    class Changing final : public ImageReader {
    public:
        explicit Changing(const fakes::MemoryImage& disk) : disk_(disk) {}
        const ImageInfo& info() const override { return disk_.info(); }
        Extent extent_at(ByteOffset at) const override { return disk_.extent_at(at); }
        void read(ByteOffset at, ByteSpan out) const override { disk_.read(at, out); }
        ByteCount bytes_read() const override { return disk_.bytes_read(); }
        std::vector<ByteRange> unreadable() const override { return disk_.unreadable(); }
        std::vector<std::string> late_warnings() const override { return disk_.late_warnings(); }
        void check_unchanged() const override {
            if (bytes_read().value != 0) throw Error(ErrorCode::refused, "the image changed");
        }

    private:
        const fakes::MemoryImage& disk_;
    };
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(6, 3 * chunk_bytes);
    const SnapshotRecord snapshot = repository.backup(fakes::MemoryImage(disk), "d");
    REQUIRE_THROWS_WITH(verify_against(repository.repository, snapshot, Changing(disk), repository.progress, {}),
                        "the image changed");
}

TEST_CASE("verify: comparing with a mostly empty image of 16 TiB costs only its data", "[engine][verify]") {
    // One chunk in the middle of an empty disk, or no data at all.
    class Huge final : public fakes::SteadyImage {
    public:
        explicit Huge(bool has_data) : has_data_(has_data) { info_.virtual_size = {std::uint64_t{16} << 40}; }
        const ImageInfo& info() const override { return info_; }
        Extent extent_at(ByteOffset at) const override {
            const std::uint64_t begin = std::uint64_t{5} << 40;
            const std::uint64_t end = info_.virtual_size.value;
            if (!has_data_ || at.value >= begin + chunk_bytes) return {at, {end - at.value}, ExtentKind::unallocated};
            if (at.value < begin) return {at, {begin - at.value}, ExtentKind::unallocated};
            return {at, {begin + chunk_bytes - at.value}, ExtentKind::data};
        }
        void read(ByteOffset, ByteSpan out) const override { std::fill(out.begin(), out.end(), std::byte{7}); }
        ByteCount bytes_read() const override { return {}; }

    private:
        ImageInfo info_;
        bool has_data_;
    };
    MemoryBackend backend;
    TestRepository repository(backend);
    const SnapshotRecord snapshot = repository.backup(Huge(true), "huge");
    const VerifyReport equal = verify_against(repository.repository, snapshot, Huge(true), repository.progress, {});
    REQUIRE(equal.findings.empty());
    REQUIRE(equal.checked_bytes == snapshot.size);
    const VerifyReport empty = verify_against(repository.repository, snapshot, Huge(false), repository.progress, {});
    REQUIRE(empty.findings.size() == 1);
    REQUIRE(empty.findings.front().offset == std::uint64_t{5} << 40);
    REQUIRE(empty.findings.front().length == chunk_bytes);
}
