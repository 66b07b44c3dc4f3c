// Damage is healed in all snapshots once its content can be had: from a later backup, an image, another repository.
// Under faults: tests/crash/heal_fault_test.cpp.

#include "engine/prune/heal.h"

#include <optional>

#include "engine/base/error.h"
#include "engine/prune/image_chunks.h"
#include "engine/prune/image_pages.h"
#include "engine/repository/checkpoint.h"
#include "store/pack/pack_names.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::back_up;
using test::Night;
using test::prune_now;
using test::TestRepository;

namespace {

constexpr std::uint64_t disk_to_heal_bytes = 2u << 20;

/// Packs of four chunks.
SessionLimits packs_to_heal() {
    SessionLimits limits;
    limits.slots_per_pack = 4;
    return limits;
}

fakes::MemoryImage disk_to_heal(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(disk_to_heal_bytes);
    disk.write_random(random, 0, 14 * chunk_bytes);
    return disk;
}

std::vector<PackId> packs_of(const TestRepository& host, PackKind kind) {
    std::vector<PackId> packs;
    for (const ListedPack& pack : host.catalog->packs())
        if (pack.facts.kind == kind && pack.state == PackState::committed) packs.push_back(pack.facts.id);
    return packs;
}

enum class Harm { lost, truncated, flipped };

void harm(MemoryBackend& backend, const PackId& pack, Harm kind) {
    const std::string name = pack_name(pack);
    Bytes bytes = *backend.get(name, mib(64));
    if (kind == Harm::lost) return backend.remove(name);
    if (kind == Harm::truncated) bytes.resize(bytes.size() / 2);
    if (kind == Harm::flipped) bytes[bytes.size() / 2] ^= std::byte{0x10};
    backend.replace(name, bytes);
}

/// Everything is whole, for this host and for one that knows nothing.
void require_healed(Backend& backend, TestRepository& host, const std::vector<Night>& nights) {
    test::require_nights(host, nights);
    test::require_nights_on_a_fresh_host(backend, nights);
}

}  // namespace

TEST_CASE("heal: the next backup of the same data makes the older nights whole again", "[prune][heal]") {
    const Harm kind = GENERATE(Harm::lost, Harm::truncated, Harm::flipped);
    MemoryBackend backend;
    TestRepository host(backend, packs_to_heal());
    const fakes::MemoryImage disk = disk_to_heal(1);
    std::vector<Night> nights{back_up(host, disk, "d", 1), back_up(host, disk, "other", 2)};
    harm(backend, packs_of(host, PackKind::data)[1], kind);
    REQUIRE_FALSE(host.verify().findings.empty());
    nights.push_back(back_up(host, disk, "d", 3));
    require_healed(backend, host, nights);
    REQUIRE(std::ranges::any_of(host.progress.warnings, [](const std::string& warning) {
        return warning.find("damaged packs anew") != warning.npos || warning.find("damaged pack anew") != warning.npos;
    }));
    REQUIRE(back_up(host, disk, "d", 4).record.statistics.chunks_new == 0);
}

TEST_CASE("heal: what cannot be had stays, and what can is healed", "[prune][heal]") {
    MemoryBackend backend;
    TestRepository host(backend, packs_to_heal());
    fakes::MemoryImage disk = disk_to_heal(2);
    const Night first = back_up(host, disk, "d", 1);
    const std::vector<PackId> packs = packs_of(host, PackKind::data);
    backend.remove(pack_name(packs[0]));
    backend.remove(pack_name(packs[1]));
    host.verify();
    std::mt19937_64 random(3);
    const ChunkId gone = host.catalog->slots(packs[0])->slots[0].id;
    for (std::uint64_t chunk = 0; chunk < 14; ++chunk) {  // one chunk of the first pack is overwritten on the disk
        const ByteView bytes = ByteView(disk.bytes()).subspan(chunk * chunk_bytes, chunk_bytes);
        if (sha256(bytes) == gone) disk.write_random(random, chunk * chunk_bytes, chunk_bytes);
    }
    const Night second = back_up(host, disk, "d", 2);
    REQUIRE(host.restores_to(second.record, second.bytes));
    const auto pack = host.catalog->pack(packs[1]);
    REQUIRE((!pack || pack->state == PackState::condemned));
    REQUIRE(host.catalog->pack(packs[0])->state == PackState::committed);
    const PruneReport report = heal(host.repository, {}, host.progress, {});
    REQUIRE(report.kept.size() == 1);
    REQUIRE(report.kept.front().id == packs[0]);
    REQUIRE_FALSE(report.entry);
}

TEST_CASE("heal: another repository, or an image, has what is lost here", "[prune][heal]") {
    const bool is_from_image = GENERATE(true, false);
    MemoryBackend backend;
    TestRepository host(backend, packs_to_heal());
    const fakes::MemoryImage disk = disk_to_heal(4);
    const std::vector<Night> nights{back_up(host, disk, "d", 1)};
    MemoryBackend elsewhere;
    TestRepository other(elsewhere);
    back_up(other, disk, "same", 1);
    for (const PackId& pack : packs_of(host, PackKind::data)) harm(backend, pack, Harm::lost);
    REQUIRE_FALSE(host.verify().findings.empty());

    const ImageChunks image(disk, ids_in_damaged_packs(host.repository), host.progress, {});
    const StoredChunks stored(other.repository);
    const Replacements& replacements = is_from_image ? static_cast<const Replacements&>(image) : stored;
    const PruneReport report = heal(host.repository, {{&replacements}, {}}, host.progress, {});
    REQUIRE(report.healed_chunks == 14);
    REQUIRE(report.kept.empty());
    require_healed(backend, host, nights);
}

TEST_CASE("heal: a pack that is damaged, but not where it is needed, is copied", "[prune][heal]") {
    MemoryBackend backend;
    TestRepository host(backend, packs_to_heal());
    const fakes::MemoryImage disk = disk_to_heal(5);
    const std::vector<Night> nights{back_up(host, disk, "d", 1)};
    const PackId pack = packs_of(host, PackKind::data)[2];
    Bytes bytes = *backend.get(pack_name(pack), mib(64));
    bytes.back() ^= std::byte{1};  // its trailer
    backend.replace(pack_name(pack), bytes);
    REQUIRE_FALSE(host.verify().findings.empty());
    const PruneReport report = heal(host.repository, {}, host.progress, {});
    REQUIRE(report.entry);
    REQUIRE(report.healed_chunks == 0);
    require_healed(backend, host, nights);
}

TEST_CASE("heal: a damaged metadata pack is written anew, its map pages from other pages with the same content",
          "[prune][heal]") {
    // Of the pack: header, frame header, map pages, the copy of the slot table, trailer; or all of it.
    const std::optional<double> place = GENERATE(std::optional<double>(), 0.01, 0.1, 0.4, 0.7, 0.9, 0.999);
    const auto [has_verified, scope] =
        GENERATE(std::pair(false, PruneScope::damaged_packs), std::pair(true, PruneScope::damaged_packs),
                 std::pair(true, PruneScope::everything));
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage disk = disk_to_heal(8);
    std::vector<Night> nights{back_up(host, disk, "d", 1)};
    const std::vector<PackId> pages = packs_of(host, PackKind::metadata);
    REQUIRE(pages.size() == 1);
    nights.push_back(back_up(host, disk, "e", 2));
    const std::string name = pack_name(pages.front());
    if (place) {
        Bytes bytes = *backend.get(name, mib(1));
        bytes[static_cast<std::size_t>(static_cast<double>(bytes.size()) * *place)] ^= std::byte{0x10};
        backend.replace(name, bytes);
    } else {
        backend.remove(name);
    }
    if (has_verified) REQUIRE_FALSE(host.verify().findings.empty());
    PruneRequest request;
    request.scope = scope;
    const PruneReport report = prune_now(host, request);
    REQUIRE(report.kept.empty());
    if (!place) REQUIRE(report.healed_pages == 1);  // the root page, which names the pages below
    if (has_verified || !place) {
        REQUIRE(report.entry);
        require_healed(backend, host, nights);
    }
    REQUIRE_FALSE(heal(host.repository, {}, host.progress, {}).entry);
}

TEST_CASE("heal: a damaged map page that is nowhere else is named, and nothing is written", "[prune][heal]") {
    MemoryBackend backend;
    TestRepository host(backend, packs_to_heal());
    back_up(host, disk_to_heal(9), "d", 1);
    back_up(host, disk_to_heal(10), "e", 2);
    const PackId lost = packs_of(host, PackKind::metadata).front();
    harm(backend, lost, Harm::lost);
    const std::vector<PackId> before = host.chunks.list_packs();
    const PruneReport report = heal(host.repository, {}, host.progress, {});
    REQUIRE_FALSE(report.entry);
    REQUIRE(report.kept.size() == 1);
    REQUIRE(report.kept.front().id == lost);
    REQUIRE_THROWS_WITH(prune_now(host), Catch::Matchers::Contains("nothing was removed"));
    REQUIRE(host.chunks.list_packs() == before);
}

TEST_CASE("heal: a lost move table is written anew by a host that has read it, and stays lost for others",
          "[prune][heal]") {
    const bool is_pack_lost = GENERATE(true, false);
    MemoryBackend backend;
    TestRepository host(backend, packs_to_heal());
    const fakes::MemoryImage disk = disk_to_heal(11);
    fakes::MemoryImage changed = disk;
    std::mt19937_64 random(12);
    for (const std::uint64_t chunk : {0u, 4u, 8u, 12u}) changed.write_random(random, chunk * chunk_bytes, chunk_bytes);
    const Night forgotten = back_up(host, disk, "d", 1);
    const std::vector<Night> nights{back_up(host, changed, "d", 2)};
    test::forget(host, {forgotten.record.id});
    const LogNumber entry = *prune_now(host).entry;
    const LogState state = state_of_log(host.log, host.progress, {});
    REQUIRE(state.tables.size() == 1);
    REQUIRE(state.tables.front().entry == entry);
    const ChunkAddress table = state.tables.front().address;

    Bytes bytes = *backend.get(pack_name(table.pack), mib(1));
    const auto slots = host.catalog->slots(table.pack);
    const Slot& slot = slots->slots[table.slot];
    const Frame& frame = slots->frames[slot.frame];
    const std::uint32_t in_frame = frame.codec == FrameCodec::plain ? slot.offset : 0;  // or what zstd begins with
    bytes[static_cast<std::size_t>(frame.offset + frame.header_bytes + in_frame)] ^= std::byte{0x10};
    backend.replace(pack_name(table.pack), bytes);
    if (is_pack_lost) backend.remove(pack_name(table.pack));
    REQUIRE_FALSE(host.verify().findings.empty());

    TestRepository stranger(backend);
    stranger.snapshots();
    stranger.verify();
    const ImagePages pages(changed, host.progress);
    const HealSources sources{{}, {&pages}};
    const std::vector<std::string> before = backend.list("", {});
    REQUIRE_THROWS_WITH(heal(stranger.repository, sources, stranger.progress, {}),
                        Catch::Matchers::Contains("on a host that read it before"));
    REQUIRE(backend.list("", {}) == before);

    const PruneReport report = heal(host.repository, sources, host.progress, {});
    REQUIRE(report.kept.empty());
    REQUIRE(report.entry);
    require_healed(backend, host, nights);
}
