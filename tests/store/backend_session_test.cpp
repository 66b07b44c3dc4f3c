#include "store/backend_session.h"

#include "store/backend/local_backend.h"
#include "store/pack/pack_names.h"
#include "store/pack_store.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/known_packs.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/sample_chunk.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

using backend_contract::error_of;

SessionLimits small_packs() {
    SessionLimits limits;
    limits.pack_bytes = kib(600);
    return limits;
}

ChunkAddress put(PackSession& session, const Bytes& chunk) {
    return session.put_chunk(sha256(chunk), sample_fingerprint(chunk), chunk);
}

struct Place {
    MemoryBackend backend;
    RepositoryInfo info{RepositoryId::make(), 42, true};
    KnownPacks known;
    SessionLimits limits;
    PackStore store{backend, info, known, limits};

    explicit Place(const SessionLimits& with = {}) : limits(with) {}

    std::vector<Bytes> get(const std::vector<ChunkAddress>& addresses) const {
        std::vector<Bytes> got(addresses.size());
        store.get(addresses, [&](std::size_t index, ByteView plain) { got[index].assign(plain.begin(), plain.end()); });
        return got;
    }
};

/// A finished session with chunks for a few packs, a page and an attachment.
struct Backup {
    std::vector<Bytes> chunks;
    std::vector<ChunkAddress> addresses;
    ChunkAddress page;
    std::vector<StoredPack> packs;

    Backup(PackSession& session, unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            chunks.push_back(sample_chunk(i));
            addresses.push_back(put(session, chunks.back()));
        }
        page = session.put_metadata(SlotKind::page, bytes_of("a page"));
        session.put_metadata(SlotKind::attachment, bytes_of("<domain/>"));
        packs = session.finish();
    }
};

std::vector<std::uint32_t> slots_of(const std::vector<ChunkAddress>& addresses) {
    std::vector<std::uint32_t> slots;
    for (const ChunkAddress& address : addresses) slots.push_back(address.slot);
    return slots;
}

}  // namespace

TEST_CASE("everything a session has put is read back", "[store][session][pipeline]") {
    Place place(small_packs());
    const auto session = place.store.begin_session();
    const Backup backup(*session, 50);
    place.known.add(backup.packs);
    REQUIRE(place.get(backup.addresses) == backup.chunks);
    REQUIRE(text_of(place.store.get_metadata(backup.page, SlotKind::page)) == "a page");
    REQUIRE(place.store.list_packs().size() == backup.packs.size());
    std::uint64_t bytes = 0;
    for (const StoredPack& pack : backup.packs) {
        const StoredPack found = place.store.read_pack(pack.facts.id, PackCheck::whole);
        REQUIRE(found.facts == pack.facts);
        REQUIRE(*found.slots == *pack.slots);
        bytes += pack.facts.size.value;
    }
    REQUIRE(session->bytes_stored() == ByteCount{bytes});
}

TEST_CASE("a session hands out consecutive slots and new packs near their limit", "[store][session][pipeline]") {
    Place place(small_packs());
    const Backup backup(*place.store.begin_session(), 80);
    std::size_t data_packs = 0;
    for (std::size_t i = 1; i < backup.addresses.size(); ++i) {
        const bool same = backup.addresses[i].pack == backup.addresses[i - 1].pack;
        REQUIRE(backup.addresses[i].slot == (same ? backup.addresses[i - 1].slot + 1 : 0));
    }
    for (const StoredPack& pack : backup.packs) {
        if (pack.facts.kind != PackKind::data) continue;
        ++data_packs;
        REQUIRE(pack.facts.size.value < (600 + 300) * 1024);
    }
    REQUIRE(data_packs > 3);
    REQUIRE(backup.packs.back().facts.kind == PackKind::metadata);
}

TEST_CASE("where packs end depends only on the bytes, not on the threads", "[store][session][pipeline]") {
    std::vector<std::uint32_t> expected;
    for (unsigned round = 0; round < 6; ++round) {
        SessionLimits limits = small_packs();
        limits.compress_threads = 1 + round % 3;
        Place place(limits);
        const std::vector<std::uint32_t> slots = slots_of(Backup(*place.store.begin_session(), 100).addresses);
        if (round == 0) expected = slots;
        REQUIRE(slots == expected);
    }
}

TEST_CASE("a pack has no more slots than its limit", "[store][session][pipeline]") {
    SessionLimits limits;
    limits.slots_per_pack = 10;
    Place place(limits);
    const Backup backup(*place.store.begin_session(), 33);
    for (const ChunkAddress& address : backup.addresses) REQUIRE(address.slot < 8);
    place.known.add(backup.packs);
    REQUIRE(place.get(backup.addresses) == backup.chunks);
}

TEST_CASE("metadata packs hold a copy of each data pack's slot table", "[store][session][pipeline]") {
    Place place(small_packs());
    const Backup backup(*place.store.begin_session(), 60);
    std::map<PackId, SlotTable> expected;
    for (const StoredPack& pack : backup.packs)
        if (pack.facts.kind == PackKind::data) expected[pack.facts.id] = *pack.slots;
    std::map<PackId, SlotTable> found;
    for (const StoredPack& pack : backup.packs) {
        if (pack.facts.kind != PackKind::metadata) continue;
        const StoredPack read = place.store.read_pack(pack.facts.id, PackCheck::trailer);
        for (const auto& [id, table] : place.store.read_slot_table_copies(read)) found[id] = *table;
    }
    REQUIRE(found == expected);
}

TEST_CASE("large and many pages rotate metadata packs and keep frames small", "[store][session]") {
    SessionLimits limits;
    limits.pack_bytes = kib(200);
    Place place(limits);
    const auto session = place.store.begin_session();
    std::vector<std::pair<ChunkAddress, Bytes>> pages;
    for (unsigned i = 0; i < 100; ++i) {
        const Bytes page = random_sample(i % 10 == 9 ? 100000 : 9000 + i, i);
        pages.emplace_back(session->put_metadata(SlotKind::page, page), page);
    }
    REQUIRE(place.backend.list("", "").empty());
    const std::vector<StoredPack> packs = session->finish();
    place.known.add(packs);
    REQUIRE(packs.size() > 3);
    for (const auto& [address, page] : pages) REQUIRE(place.store.get_metadata(address, SlotKind::page) == page);
    for (const StoredPack& pack : packs)
        for (const Frame& frame : pack.slots->frames)
            REQUIRE((frame.slot_count == 1 || frame.plain_bytes <= 32 * 1024));
}

TEST_CASE("a session that put nothing writes nothing", "[store][session]") {
    Place place;
    const auto session = place.store.begin_session();
    REQUIRE(session->take_durable().empty());
    REQUIRE(session->finish().empty());
    REQUIRE(session->bytes_stored() == ByteCount{0});
    REQUIRE(place.backend.list("", "").empty());
}

TEST_CASE("an adopted pack is named and copied, not written again", "[store][session][pipeline]") {
    Place place;
    StoredPack orphan;
    {
        const auto killed = place.store.begin_session();
        put(*killed, sample_chunk(1));
        orphan = killed->finish().front();
    }
    const auto session = place.store.begin_session();
    session->adopt(place.store.read_pack(orphan.facts.id, PackCheck::whole));
    const std::vector<StoredPack> packs = session->finish();
    REQUIRE(packs.size() == 2);
    REQUIRE(packs[0].facts == orphan.facts);
    REQUIRE(packs[1].facts.kind == PackKind::metadata);
    const auto copies = place.store.read_slot_table_copies(packs[1]);
    REQUIRE(copies.size() == 1);
    REQUIRE(copies[0].first == orphan.facts.id);
    REQUIRE(*copies[0].second == *orphan.slots);
    REQUIRE(session->bytes_stored() == packs[1].facts.size);
}

TEST_CASE("durable packs are reported while the session continues", "[store][session][pipeline]") {
    Place place(small_packs());
    const auto session = place.store.begin_session();
    std::vector<StoredPack> reported;
    for (unsigned i = 0; i < 200; ++i) {
        put(*session, sample_chunk(i));
        for (const StoredPack& pack : session->take_durable()) {
            REQUIRE(place.backend.size(pack_name(pack.facts.id)) == pack.facts.size);
            reported.push_back(pack);
        }
    }
    const std::vector<StoredPack> all = session->finish();
    for (const StoredPack& pack : session->take_durable()) reported.push_back(pack);
    REQUIRE(reported.size() + 1 == all.size());
    for (std::size_t i = 0; i < reported.size(); ++i) REQUIRE(reported[i].facts == all[i].facts);
}

TEST_CASE("an abandoned session leaves only complete packs", "[store][session][pipeline]") {
    for (const unsigned count : {0u, 1u, 5u, 43u, 100u}) {
        Place place(small_packs());
        {
            const auto session = place.store.begin_session();
            for (unsigned i = 0; i < count; ++i) put(*session, sample_chunk(i));
            session->put_metadata(SlotKind::page, bytes_of("a page"));
        }
        for (const PackId& id : place.store.list_packs())
            REQUIRE(place.store.read_pack(id, PackCheck::whole).facts.kind == PackKind::data);
    }
}

TEST_CASE("a backend that fails at any operation ends the session with its error and leaves only complete packs",
          "[store][session][pipeline]") {
    for (const FaultEffect effect : {FaultEffect::not_done, FaultEffect::reply_lost, FaultEffect::torn})
        for (std::uint64_t n = 1;; ++n) {
            Place place;
            FaultBackend failing(place.backend, FaultScope::writes);
            PackStore store(failing, place.info, place.known, small_packs());
            failing.fail_at(n, effect, FaultSpan::from_then);
            bool failed = false;
            try {
                const Backup backup(*store.begin_session(), 30);
            } catch (const Error& error) {
                REQUIRE(error.code() == ErrorCode::io);
                failed = true;
            }
            REQUIRE(failed == failing.has_failed());
            for (const PackId& id : place.store.list_packs()) (void)place.store.read_pack(id, PackCheck::whole);
            if (!failed) break;
        }
}

TEST_CASE("an error in the background is thrown by every later call", "[store][session][pipeline]") {
    Place place;
    FaultBackend failing(place.backend, FaultScope::writes);
    PackStore store(failing, place.info, place.known);
    const auto session = store.begin_session();
    failing.fail_at(1, FaultEffect::not_done, FaultSpan::from_then);
    REQUIRE(error_of([&] {
                for (unsigned i = 0; i < 100; ++i) put(*session, sample_chunk(1));
            }) == ErrorCode::io);
    REQUIRE(error_of([&] { session->take_durable(); }) == ErrorCode::io);
    REQUIRE(error_of([&] { session->put_metadata(SlotKind::page, bytes_of("x")); }) == ErrorCode::io);
    REQUIRE(error_of([&] { session->finish(); }) == ErrorCode::io);
    REQUIRE(place.backend.list("", "").empty());
}

TEST_CASE("a session over a local folder survives being read by another process's view",
          "[store][session][local][pipeline]") {
    const TemporaryFolder folder;
    const auto backend = LocalBackend::create(folder / "repository");
    const RepositoryInfo info{RepositoryId::make(), 1, true};
    KnownPacks known;
    PackStore store(*backend, info, known, small_packs());
    const Backup backup(*store.begin_session(), 40);
    known.add(backup.packs);
    const auto other = LocalBackend::open(folder / "repository");
    const PackStore reader(*other, info, known);
    std::size_t right = 0;
    reader.get(backup.addresses, [&](std::size_t index, ByteView plain) {
        right +=
            std::equal(plain.begin(), plain.end(), backup.chunks[index].begin(), backup.chunks[index].end()) ? 1u : 0u;
    });
    REQUIRE(right == backup.chunks.size());
}

TEST_CASE("a read-only repository does not begin a session", "[store][session]") {
    Place place;
    place.info.writable = false;
    REQUIRE(error_of([&] { place.store.begin_session(); }) == ErrorCode::unsupported);
}

}  // namespace varve
