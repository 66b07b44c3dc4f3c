#include "store/pack/pack_reader.h"

#include "store/pack/pack_names.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"
#include "tests/store/damage.h"
#include "tests/store/hand_written.h"

namespace varve {
namespace {

using backend_contract::error_of;
using hand_written::Hand;

constexpr std::uint64_t id_seed = 0x2222222222222222;

PackId golden_id() {
    PackId id;
    id.bytes.fill(std::byte{0x22});
    return id;
}

RepositoryId golden_repository() {
    RepositoryId id;
    id.bytes.fill(std::byte{0x11});
    return id;
}

Hand slot_by_hand(ByteView content, unsigned kind, unsigned frame, unsigned offset) {
    return Hand()
        .raw(sha256(content).view())
        .fill(16)
        .number(1, kind)
        .number(1, 0)
        .number(2, 0)
        .number(4, frame)
        .number(4, offset)
        .number(4, content.size());
}

/// One frame, stored plain, as in FORMAT.md section 5.
void frame_by_hand(Hand& pack, unsigned ordinal, unsigned first_slot, const std::vector<Hand>& slots,
                   std::string_view payload) {
    const std::size_t begin = pack.size();
    pack.text("VFRM")
        .number(4, 40 + 64 * slots.size())
        .number(1, 0)
        .number(1, 0)
        .number(2, slots.size())
        .number(4, ordinal)
        .number(4, first_slot)
        .number(4, payload.size())
        .number(4, payload.size())
        .number(4, 0);
    for (const Hand& slot : slots) pack.raw(slot.bytes());
    pack.xxh3_since(begin, id_seed).text(payload);
}

/// A metadata pack of two frames and three slots, byte by byte.
Bytes pack_by_hand() {
    const std::vector<Hand> first = {slot_by_hand(bytes_of("page one"), 3, 0, 0),
                                     slot_by_hand(bytes_of("attached"), 6, 0, 8)};
    const std::vector<Hand> second = {slot_by_hand(bytes_of("page two!"), 3, 1, 0)};
    Hand pack;
    pack.text("VARVEPAK")
        .number(2, 1)
        .number(1, 2)
        .number(1, 0)
        .number(4, 96)
        .fill(16, 0x11)
        .fill(16, 0x22)
        .fill(32)
        .number(2, 0)
        .fill(14);
    frame_by_hand(pack, 0, 0, first, "page oneattached");
    const std::size_t second_at = pack.size();
    frame_by_hand(pack, 1, 2, second, "page two!");
    const std::size_t table_at = pack.size();
    pack.text("VSLT").number(4, 1).number(4, 2).number(4, 3).number(4, 0).number(4, 0);
    pack.number(8, 96).number(4, 168).number(4, 16).number(4, 16).number(4, 0).number(2, 2).number(1, 0).fill(5);
    pack.number(8, second_at).number(4, 104).number(4, 9).number(4, 9).number(4, 2).number(2, 1).number(1, 0).fill(5);
    for (const Hand& slot : first) pack.raw(slot.bytes());
    for (const Hand& slot : second) pack.raw(slot.bytes());
    const std::size_t table_bytes = pack.size() - table_at;
    pack.number(8, table_at)
        .number(4, table_bytes)
        .number(4, 0)
        .fill(16, 0x22)
        .text("VARVEEND")
        .xxh3_since(table_at, id_seed);
    return pack.sha256_of_all().bytes();
}

StoredPack read_bytes(const Bytes& bytes) {
    MemoryBackend backend;
    backend.replace(pack_name(golden_id()), bytes);
    return PackReader(backend, golden_id()).read_trailer(golden_repository());
}

bool is_damage(ErrorCode code) { return code == ErrorCode::corrupt || code == ErrorCode::unsupported; }

}  // namespace

TEST_CASE("a handwritten pack is read", "[store][pack]") {
    MemoryBackend backend;
    const Bytes bytes = pack_by_hand();
    backend.replace("packs/22/22222222222222222222222222222222", bytes);
    const PackReader reader(backend, golden_id());
    const StoredPack pack = reader.read_trailer(golden_repository());
    REQUIRE(pack.facts.id == golden_id());
    REQUIRE(pack.facts.kind == PackKind::metadata);
    REQUIRE(pack.facts.size == ByteCount{bytes.size()});
    REQUIRE(pack.facts.digest == reader.compute_digest());
    REQUIRE(pack.slots->frames.size() == 2);
    REQUIRE(pack.slots->slots.size() == 3);
    REQUIRE(pack.slots->slots[1].kind == SlotKind::attachment);
    REQUIRE(pack.slots->slots[2].id == sha256(bytes_of("page two!")));
    Bytes payload(9);
    reader.read({pack.slots->frames[1].offset + pack.slots->frames[1].header_bytes}, payload);
    REQUIRE(text_of(payload) == "page two!");
}

TEST_CASE("a pack is written with the same bytes as the handwritten one", "[store][pack]") {
    MemoryBackend backend;
    PackWriter writer(backend, golden_repository(), golden_id(), PackKind::metadata);
    FrameEncoder encoder(3);
    FrameDraft draft;
    draft.pack = golden_id();
    const auto add = [&](SlotKind kind, std::string_view content) {
        Slot slot;
        slot.id = sha256(bytes_of(content));
        slot.kind = kind;
        draft.add(slot, bytes_of(content));
    };
    add(SlotKind::page, "page one");
    add(SlotKind::attachment, "attached");
    writer.append(encoder.encode(std::move(draft)));
    draft = {};
    draft.pack = golden_id();
    draft.ordinal = 1;
    draft.first_slot = 2;
    add(SlotKind::page, "page two!");
    writer.append(encoder.encode(std::move(draft)));
    writer.commit();
    REQUIRE(backend.get(pack_name(golden_id()), {10000}) == pack_by_hand());
}

TEST_CASE("a pack's trailer with any bit flipped, or truncated anywhere, is corrupt or has the same meaning",
          "[store][pack]") {
    const Bytes whole = pack_by_hand();
    const StoredPack good = read_bytes(whole);
    for_each_truncation(whole, [](const Bytes& cut) { REQUIRE(is_damage(error_of([&] { (void)read_bytes(cut); }))); });
    std::size_t passed = 0;
    for_each_flipped_bit(whole, [&](const Bytes& flipped, std::size_t) {
        try {
            const StoredPack found = read_bytes(flipped);
            REQUIRE(*found.slots == *good.slots);
            ++passed;
        } catch (const Error& error) {
            REQUIRE(is_damage(error.code()));
        }
    });
    REQUIRE(passed > 0);
}

TEST_CASE("a pack of another name, repository or length is refused", "[store][pack]") {
    MemoryBackend backend;
    const PackId other = PackId::make();
    backend.replace(pack_name(other), pack_by_hand());
    backend.replace(pack_name(golden_id()), pack_by_hand());
    REQUIRE(error_of([&] { (void)PackReader(backend, other).read_trailer(golden_repository()); }) ==
            ErrorCode::corrupt);
    REQUIRE(error_of([&] { (void)PackReader(backend, golden_id()).read_trailer(RepositoryId::make()); }) ==
            ErrorCode::corrupt);
    REQUIRE(error_of([&] { (void)PackReader(backend, PackId::make()).read_trailer(golden_repository()); }) ==
            ErrorCode::not_found);
    REQUIRE_THROWS_WITH(
        PackReader(backend, PackId()).read_trailer(golden_repository()),
        ContainsSubstring("packs/00/00000000000000000000000000000000") && ContainsSubstring("varve verify"));
    backend.replace(pack_name(golden_id()), Bytes(175));
    REQUIRE(error_of([&] { (void)read_bytes(Bytes(175)); }) == ErrorCode::corrupt);
}

TEST_CASE("pack names are those of FORMAT.md and no others", "[store][pack]") {
    REQUIRE(pack_name(golden_id()) == "packs/22/22222222222222222222222222222222");
    REQUIRE(pack_of_name("packs/22/22222222222222222222222222222222") == golden_id());
    for (const char* name :
         {"packs/23/22222222222222222222222222222222", "packs/22/2222", "packs/22222222222222222222222222222222", "",
          "packs/AA/AA222222222222222222222222222222", "log/22/22222222222222222222222222222222"})
        REQUIRE_FALSE(pack_of_name(name));
}

}  // namespace varve
