#include "engine/change/range_changes.h"
#include "engine/repository/map_page.h"
#include "tests/catch.h"
#include "tests/fakes/known_change_source.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t leaves = 3;

/// Some data in each leaf of the map.
fakes::MemoryImage random_disk(std::uint64_t seed, std::uint64_t size) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(size);
    for (std::uint64_t at = 0; at + leaf_bytes <= size; at += leaf_bytes)
        disk.write_random(random, at, 5 * chunk_bytes);
    return disk;
}

std::string name_of(const PackId& id) { return "packs/" + id.hex().substr(0, 2) + "/" + id.hex(); }

std::vector<PackId> packs_of_kind(const TestRepository& repository, PackKind kind) {
    std::vector<PackId> packs;
    for (const ListedPack& pack : repository.catalog->packs())
        if (pack.facts.kind == kind) packs.push_back(pack.facts.id);
    return packs;
}

Bytes pack_bytes(const Backend& backend, const PackId& id) { return *backend.get(name_of(id), mib(1024)); }

void replace(Backend& backend, const PackId& id, const Bytes& bytes) {
    backend.remove(name_of(id));
    REQUIRE(backend.put_if_absent(name_of(id), bytes) == PutResult::stored);
}

void flip(Backend& backend, const PackId& id, std::size_t at) {
    Bytes bytes = pack_bytes(backend, id);
    bytes.at(at) ^= std::byte{0x40};
    replace(backend, id, bytes);
}

void truncate(Backend& backend, const PackId& id) {
    Bytes bytes = pack_bytes(backend, id);
    bytes.resize(bytes.size() / 2);
    replace(backend, id, bytes);
}

SnapshotRecord backup_with(TestRepository& repository, const ImageReader& source, const ChangeSource& changes,
                           TimeNs time) {
    BackupRequest request;
    request.disk = "d";
    request.time = time;
    request.change_token = changes.token();
    request.change_source = &changes;
    catch_up(repository.repository, repository.progress);
    return varve::backup(repository.repository, source, request, repository.progress, {});
}

bool has_warning(const TestRepository& repository, const std::string& part) {
    return std::ranges::any_of(repository.progress.warnings,
                               [&](const std::string& warning) { return warning.find(part) != warning.npos; });
}

}  // namespace

TEST_CASE("backup: after a data pack is lost or truncated, the next backup names the older nights and makes them whole",
          "[engine][backup][damage]") {
    const bool is_lost = GENERATE(true, false);
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(1, leaves * leaf_bytes + 777);
    const SnapshotRecord before = repository.backup(disk, "d", 1);
    const PackId pack = packs_of_kind(repository, PackKind::data).front();
    if (is_lost)
        backend.remove(name_of(pack));
    else
        truncate(backend, pack);

    const SnapshotRecord after = repository.backup(disk, "d", 2);
    CHECK(after.root == before.root);
    CHECK(after.statistics.chunks_new > 0);
    CHECK(after.statistics.bytes_changed == 0);
    CHECK(has_warning(repository, short_id(before.id)));
    CHECK_FALSE(has_warning(repository, short_id(after.id)));
    CHECK(repository.restored_bytes(after) == disk.bytes());
    CHECK(repository.restored_bytes(before) == disk.bytes());

    SECTION("another disk reuses the new copies, and the night after stores nothing") {
        const SnapshotRecord other = repository.backup(disk, "other", 3);
        CHECK(other.statistics.chunks_new == 0);
        CHECK(repository.restored_bytes(other) == disk.bytes());
        CHECK(repository.backup(disk, "d", 4).statistics.chunks_new == 0);
    }
}

TEST_CASE("backup: what verify found damaged is stored again, and nothing else", "[engine][backup][damage]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(2, leaves * leaf_bytes);
    const SnapshotRecord before = repository.backup(disk, "d", 1);
    const PackId pack = packs_of_kind(repository, PackKind::data).front();
    const Bytes whole = pack_bytes(backend, pack);
    flip(backend, pack, whole.size() / 2);
    REQUIRE_FALSE(repository.verify().findings.empty());
    REQUIRE(repository.damage.slots.size() == 1);

    const SnapshotRecord after = repository.backup(disk, "d", 2);
    CHECK(after.statistics.chunks_new == 1);
    CHECK(has_warning(repository, short_id(before.id)));
    CHECK(repository.restored_bytes(after) == disk.bytes());

    SECTION("another disk takes the new copy") {
        const SnapshotRecord other = repository.backup(disk, "other", 3);
        CHECK(other.statistics.chunks_new == 0);
        CHECK(repository.restored_bytes(other) == disk.bytes());
    }
    SECTION("once the pack is whole again, verify forgets the damage") {
        replace(backend, pack, whole);
        CHECK(repository.verify().findings.empty());
        CHECK(repository.damage.empty());
    }
}

TEST_CASE("backup: a change source that reports no change does not keep damaged chunks", "[engine][backup][damage]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(3, leaves * leaf_bytes);
    const RangeChanges none({}, {leaves * leaf_bytes}, {leaves * leaf_bytes});
    const fakes::KnownChangeSource first({}, none, "known");
    const SnapshotRecord before = backup_with(repository, disk, first, 1);
    const fakes::KnownChangeSource changes(before, none, "known");

    SECTION("a flipped byte that verify found") {
        const PackId pack = packs_of_kind(repository, PackKind::data).front();
        flip(backend, pack, pack_bytes(backend, pack).size() / 2);
        repository.verify();
        const SnapshotRecord after = backup_with(repository, disk, changes, 2);
        CHECK(after.change_detection.how == ChangeDetection::How::change_source);
        CHECK(after.statistics.chunks_new == 1);
        CHECK(repository.restored_bytes(after) == disk.bytes());
    }
    SECTION("a lost data pack") {
        backend.remove(name_of(packs_of_kind(repository, PackKind::data).front()));
        const SnapshotRecord after = backup_with(repository, disk, changes, 2);
        CHECK(after.change_detection.how == ChangeDetection::How::change_source);
        CHECK(repository.restored_bytes(after) == disk.bytes());
    }
    SECTION("a lost metadata pack") {
        backend.remove(name_of(packs_of_kind(repository, PackKind::metadata).front()));
        const SnapshotRecord after = backup_with(repository, disk, changes, 2);
        CHECK(after.statistics.chunks_new == 0);
        CHECK(repository.restored_bytes(after) == disk.bytes());
    }
}

TEST_CASE("backup: a damaged metadata pack is not inherited, whether verify found it or the backup itself",
          "[engine][backup][damage]") {
    const bool is_verified = GENERATE(true, false);
    MemoryBackend backend;
    TestRepository repository(backend);
    fakes::MemoryImage disk = random_disk(4, leaves * leaf_bytes);
    const SnapshotRecord before = repository.backup(disk, "d", 1);
    const PackId pack = packs_of_kind(repository, PackKind::metadata).front();
    const Bytes whole = pack_bytes(backend, pack);
    // Into every frame: no page of the snapshot can be read.
    for (std::size_t at = 200; at + 200 < whole.size(); at += 40) flip(backend, pack, at);
    if (is_verified) repository.verify();
    disk.clear(leaf_bytes, leaf_bytes, ExtentKind::zero);
    const SnapshotRecord after = repository.backup(disk, "d", 2);
    CHECK(after.statistics.chunks_new == 0);
    CHECK(has_warning(repository, short_id(before.id)));
    CHECK(repository.restored_bytes(after) == disk.bytes());
    const SnapshotRecord next = repository.backup(disk, "d", 3);
    CHECK(next.root == after.root);
    CHECK(repository.restored_bytes(next) == disk.bytes());
}

TEST_CASE("known damage: its text is read back, and anything else is refused with the line", "[engine][damage]") {
    KnownDamage damage;
    damage.packs.insert(PackId::make());
    damage.slots.insert({PackId::make(), 65535});
    damage.slots.insert({PackId::make(), 0});
    damage.blemished.insert(PackId::make());
    damage.log_entries.insert(7);
    CHECK(parse_known_damage(encode(damage), "file") == damage);
    CHECK(parse_known_damage(encode(KnownDamage{}), "file").empty());
    const std::string title = encode(KnownDamage{});
    for (const std::string& bad : {std::string(), std::string("x\n"), title + "pack 12\n", title + "slot\n",
                                   title + "blemish\n", title + "log 1 2\n", title + "log -1\n", title + "what 1\n",
                                   title + "slot " + PackId::make().hex() + " 65536\n"})
        CHECK_THROWS_WITH(parse_known_damage(bad, "file"), ContainsSubstring("'file', line "));
}
