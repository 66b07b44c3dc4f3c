#include "store/pack/pack_check.h"

#include <set>

#include "store/pack/pack_names.h"
#include "store/pack_store.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/known_packs.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"

namespace varve {
namespace {

using backend_contract::error_of;

struct Checked {
    ChunkStore::CheckedPack pack;
    std::set<std::uint32_t> slots;   ///< damaged ones
    std::vector<std::string> whole;  ///< what was reported about the pack as a whole
};

/// Two packs: chunks, and patches of some of them.
struct Sample {
    MemoryBackend backend;
    RepositoryInfo info{RepositoryId::make(), 42, true};
    KnownPacks known;
    PackStore store{backend, info, known};
    StoredPack pack;

    Sample() {
        PackBuilder builder(backend, info.id, PackKind::data);
        std::vector<ChunkAddress> chunks;
        for (unsigned i = 0; i < 12; ++i) {
            chunks.push_back(builder.chunk(sample_chunk(i)));
            if (i % 3 == 2) builder.end_frame();
        }
        Bytes changed = sample_chunk(4);
        changed[5000] ^= std::byte{1};
        builder.patch(changed, sample_chunk(4), chunks[4]);
        pack = builder.commit();
        known.add(pack);
    }

    Bytes bytes() const { return backend.get(pack_name(pack.facts.id), {100 << 20}).value(); }
    void put(Bytes bytes) { backend.replace(pack_name(pack.facts.id), std::move(bytes)); }

    Checked check(const ChunkStore& with, PackCheck depth = PackCheck::whole) const {
        Checked checked;
        checked.pack = with.check_pack(pack.facts, depth, [&](const PackDamage& damage) {
            REQUIRE_THAT(damage.message, ContainsSubstring("packs/") || ContainsSubstring("as the test requested"));
            if (damage.slot)
                checked.slots.insert(*damage.slot);
            else
                checked.whole.push_back(damage.message);
        });
        return checked;
    }
    Checked check() const { return check(store); }
    Checked check_trailer() const { return check(store, PackCheck::trailer); }
};

}  // namespace

TEST_CASE("checking a sound pack reports nothing", "[store][check]") {
    const Sample sample;
    const Checked checked = sample.check();
    REQUIRE(checked.slots.empty());
    REQUIRE(checked.whole.empty());
    REQUIRE(checked.pack.slots == 13);
    REQUIRE(checked.pack.plain == ByteCount{13 * chunk_bytes});
}

TEST_CASE("damage in one frame is reported for its slots alone, and the rest is checked", "[store][check]") {
    Sample sample;
    const Bytes good = sample.bytes();
    const Frame& frame = sample.pack.slots->frames[2];
    Bytes damaged = good;
    damaged[frame.offset + frame.header_bytes + frame.stored_bytes / 2] ^= std::byte{0x40};
    sample.put(damaged);
    const Checked checked = sample.check();
    REQUIRE_FALSE(checked.slots.empty());
    for (const std::uint32_t slot : checked.slots) REQUIRE((slot >= 6 && slot <= 8));
    REQUIRE(checked.whole.size() == 1);
    REQUIRE_THAT(checked.whole[0], ContainsSubstring("expected digest"));
}

TEST_CASE("every damaged byte of a pack is reported", "[store][check]") {
    Sample sample;
    const Bytes good = sample.bytes();
    for (std::size_t at = 0; at < good.size(); at += at < 2000 || at > good.size() - 2500 ? 13u : 9973u) {
        Bytes damaged = good;
        damaged[at] ^= std::byte{0x08};
        sample.put(damaged);
        REQUIRE_FALSE(sample.check().whole.empty());
    }
}

TEST_CASE("a truncated pack is reported slot by slot past the cut", "[store][check]") {
    Sample sample;
    Bytes cut = sample.bytes();
    cut.resize(sample.pack.slots->frames[3].offset + 10);
    sample.put(cut);
    const Checked checked = sample.check();
    REQUIRE(checked.slots == std::set<std::uint32_t>{9, 10, 11, 12});
    REQUIRE(checked.pack.slots == 9);
}

TEST_CASE(
    "checking the trailer alone finds a cut and each flipped byte of header, slot table and footer, but reads no "
    "frame",
    "[store][check]") {
    Sample sample;
    const Bytes good = sample.bytes();
    REQUIRE(sample.check_trailer().whole.empty());
    REQUIRE(sample.check_trailer().pack.slots == 0);
    const auto& frames = sample.pack.slots->frames;
    for (std::size_t at = 0; at < good.size(); ++at) {
        if (at == frames.front().offset) at = frames.back().end();
        Bytes damaged = good;
        damaged[at] ^= std::byte{0x10};
        sample.put(damaged);
        CAPTURE(at);
        REQUIRE_FALSE(sample.check_trailer().whole.empty());
        REQUIRE(sample.check_trailer().slots.empty());  // the directory has a copy of the table
    }
    Bytes damaged = good;
    damaged[frames[1].offset + 1] ^= std::byte{1};
    sample.put(damaged);
    REQUIRE(sample.check_trailer().whole.empty());
    Bytes cut = good;
    cut.resize(frames[3].offset + 10);
    sample.put(cut);
    REQUIRE(sample.check_trailer().slots == std::set<std::uint32_t>{9, 10, 11, 12});
    REQUIRE_FALSE(sample.check_trailer().whole.empty());
}

TEST_CASE("a pack without a readable slot table is checked by its frame headers", "[store][check]") {
    Sample sample;
    Bytes damaged = sample.bytes();
    damaged[damaged.size() - pack_footer_bytes - 10] ^= std::byte{1};
    sample.put(damaged);
    const KnownPacks nothing;
    PackStore store(sample.backend, sample.info, nothing);
    const Checked checked = sample.check(store);
    REQUIRE(checked.pack.slots == 13);
    REQUIRE(checked.slots == std::set<std::uint32_t>{12});  // the base of the patch: this directory knows no pack
    REQUIRE(checked.whole.size() == 2);
}

TEST_CASE("a patch whose base is damaged is reported too", "[store][check]") {
    Sample sample;
    Bytes damaged = sample.bytes();
    const Frame& frame = sample.pack.slots->frames[1];
    for (std::size_t i = 9; i < frame.stored_bytes; ++i) damaged[frame.offset + frame.header_bytes + i] = std::byte{0};
    sample.put(damaged);
    REQUIRE(sample.check().slots.contains(12));
}

TEST_CASE("a failed read is reported, and the check continues", "[store][check]") {
    Sample sample;
    FaultBackend failing(sample.backend);
    const PackStore store(failing, sample.info, sample.known);
    failing.fail_at(1'000'000, FaultEffect::not_done, FaultSpan::once);
    sample.check(store);
    const std::uint64_t operations = failing.operations();
    for (std::uint64_t n = 2; n <= operations; ++n) {
        failing.fail_at(n, FaultEffect::not_done, FaultSpan::once);
        bool reported = false;
        try {
            const Checked checked = sample.check(store);
            reported = !checked.whole.empty() || !checked.slots.empty();
        } catch (const Error&) {
            reported = true;
        }
        REQUIRE(reported == failing.has_failed());
    }
}

TEST_CASE("a missing pack cannot be checked", "[store][check]") {
    const Sample sample;
    PackFacts facts = sample.pack.facts;
    facts.id = PackId::make();
    for (const PackCheck check : {PackCheck::trailer, PackCheck::whole})
        REQUIRE(error_of([&] { sample.store.check_pack(facts, check, [](const PackDamage&) {}); }) ==
                ErrorCode::not_found);
}

}  // namespace varve
