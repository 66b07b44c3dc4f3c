#include "engine/jobs/snapshot_diff.h"

#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

/// The diff by brute force, a chunk at a time.
std::vector<DiffExtent> brute_force(const Bytes& a, const Bytes& b) {
    std::vector<DiffExtent> extents;
    const std::size_t size = std::max(a.size(), b.size());
    for (std::size_t begin = 0; begin < size; begin += chunk_bytes) {
        const std::size_t end = std::min(begin + chunk_bytes, size);
        const auto part = [&](const Bytes& bytes) {
            return Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(std::min(begin, bytes.size())),
                         bytes.begin() + static_cast<std::ptrdiff_t>(std::min(end, bytes.size())));
        };
        if (part(a) == part(b)) continue;
        if (!extents.empty() && (extents.back().begin + extents.back().length).value == begin)
            extents.back().length += {end - begin};
        else
            extents.push_back({{begin}, {end - begin}, DiffKind::data, DiffKind::data});
    }
    return extents;
}

/// Neighbours joined whatever their kinds, to compare with brute force.
std::vector<DiffExtent> without_kinds(const std::vector<DiffExtent>& extents) {
    std::vector<DiffExtent> joined;
    for (DiffExtent extent : extents) {
        extent.from = extent.to = DiffKind::data;
        if (!joined.empty() && joined.back().begin + joined.back().length == extent.begin)
            joined.back().length += extent.length;
        else
            joined.push_back(extent);
    }
    return joined;
}

}  // namespace

TEST_CASE("diff: random snapshots differ where brute force finds it, in both directions", "[engine][diff]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(99);
    fakes::MemoryImage disk(48u << 20);
    disk.write_random(random, 0, 20u << 20);
    std::vector<std::pair<SnapshotRecord, Bytes>> snapshots;
    for (int round = 0; round < 6; ++round) {
        snapshots.emplace_back(repository.backup(disk, "d", round), disk.bytes());
        for (int i = 0; i < 10; ++i) {
            const std::uint64_t at = 4096 * (random() % (disk.bytes().size() / 4096 - 40));
            if (i % 3 == 0)
                disk.clear(at, 4096 * (random() % 40), i % 2 == 0 ? ExtentKind::zero : ExtentKind::unallocated);
            else
                disk.write_random(random, at, 4096 * (1 + random() % 30));
        }
        if (round == 3) disk.resize((30u << 20) + 5000);
        if (round == 4) disk.resize((31u << 20) + 100);
    }
    for (const auto& [a, bytes_a] : snapshots)
        for (const auto& [b, bytes_b] : snapshots) {
            const SnapshotDiff found = diff(repository.repository, a, b, DiffDetail::bytes);
            REQUIRE(without_kinds(found.extents) == brute_force(bytes_a, bytes_b));
            ByteCount sum;
            for (const DiffExtent& extent : found.extents) sum += extent.length;
            REQUIRE(found.bytes_changed == sum);
        }
}

TEST_CASE("diff: kinds are reported, and zero versus unallocated only on request", "[engine][diff]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(1);
    fakes::MemoryImage disk(mib(4).value);
    disk.write_random(random, 0, chunk_bytes);
    disk.clear(2 * chunk_bytes, chunk_bytes, ExtentKind::zero);
    const SnapshotRecord a = repository.backup(disk, "d", 1);
    disk.clear(0, chunk_bytes, ExtentKind::unallocated);
    disk.clear(2 * chunk_bytes, chunk_bytes, ExtentKind::unallocated);
    const SnapshotRecord b = repository.backup(disk, "d", 2);
    const std::vector<DiffExtent> bytes{{{0}, {chunk_bytes}, DiffKind::data, DiffKind::unallocated}};
    REQUIRE(diff(repository.repository, a, b, DiffDetail::bytes).extents == bytes);
    const std::vector<DiffExtent> kinds{{{0}, {chunk_bytes}, DiffKind::data, DiffKind::unallocated},
                                        {{2 * chunk_bytes}, {chunk_bytes}, DiffKind::zero, DiffKind::unallocated}};
    REQUIRE(diff(repository.repository, a, b, DiffDetail::kinds).extents == kinds);
}

TEST_CASE("diff: bytes past the end of the shorter disk are absent there", "[engine][diff]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk(2 * chunk_bytes);
    const SnapshotRecord a = repository.backup(disk, "d", 1);
    disk.resize(3 * chunk_bytes + 7);
    const SnapshotRecord b = repository.backup(disk, "d", 2);
    const std::vector<DiffExtent> grown{
        {{2 * chunk_bytes}, {chunk_bytes + 7}, DiffKind::absent, DiffKind::unallocated}};
    REQUIRE(diff(repository.repository, a, b, DiffDetail::bytes).extents == grown);
    const std::vector<DiffExtent> shrunk{
        {{2 * chunk_bytes}, {chunk_bytes + 7}, DiffKind::unallocated, DiffKind::absent}};
    REQUIRE(diff(repository.repository, b, a, DiffDetail::bytes).extents == shrunk);
}

TEST_CASE("diff: equal snapshots read no page below the root", "[engine][diff]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    std::mt19937_64 random(2);
    fakes::MemoryImage disk(mib(8).value);
    disk.write_random(random, 0, mib(8).value);
    const SnapshotRecord a = repository.backup(disk, "a");
    const SnapshotRecord b = repository.backup(disk, "b");
    for (const std::string& pack : backend.list("packs/", {})) backend.remove(pack);
    REQUIRE(diff(repository.repository, a, b, DiffDetail::bytes).extents.empty());
}
