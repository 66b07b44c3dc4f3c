#include "engine/repository/slot_table.h"

#include "engine/base/byte_writer.h"
#include "engine/base/error.h"
#include "engine/repository/slot_record.h"
#include "tests/catch.h"

namespace varve {
namespace {

/// Two frames: two chunks; a chunk and a patch of the first chunk.
SlotTable sample() {
    SlotTable table;
    table.frames = {{96, frame_header_bytes(2, 0), 100, 2 * 65536, 0, 2, FrameCodec::zstd},
                    {96 + 168 + 100, frame_header_bytes(2, 1), 65536 + 8192, 65536 + 8192, 2, 2, FrameCodec::plain}};
    const auto slot = [](unsigned id, SlotKind kind, std::uint16_t mask, std::uint32_t frame, std::uint32_t offset,
                         std::uint32_t length) {
        Slot made;
        made.id.bytes.fill(static_cast<std::byte>(id));
        made.fingerprint.bytes.fill(static_cast<std::byte>(id + 100));
        made.kind = kind;
        made.patch_mask = mask;
        made.frame = frame;
        made.offset = offset;
        made.length = length;
        return made;
    };
    table.slots = {slot(1, SlotKind::chunk, 0, 0, 0, 65536), slot(2, SlotKind::chunk, 0, 0, 65536, 65536),
                   slot(3, SlotKind::chunk, 0, 1, 0, 65536), slot(4, SlotKind::patch, 0x8001, 1, 65536, 8192)};
    PackId pack;
    pack.bytes.fill(std::byte{9});
    table.patch_bases = {{3, {pack, 77}}};
    return table;
}

ErrorCode parse_error(ByteView bytes) {
    try {
        (void)parse_slot_table(bytes, "a table");
    } catch (const Error& error) {
        REQUIRE_THAT(error.what(), ContainsSubstring("a table"));
        return error.code();
    }
    FAIL("expected an Error");
    return ErrorCode::usage;
}

/// The table after a change that breaks one rule.
ErrorCode error_after(void (*change)(SlotTable&)) {
    SlotTable table = sample();
    change(table);
    return parse_error(encode(table));
}

}  // namespace

TEST_CASE("slot table: parsing returns the encoded table", "[engine][slot_table]") {
    REQUIRE(parse_slot_table(encode(sample()), "a table") == sample());
    REQUIRE(encode(sample()).size() == 24 + 2 * 32 + 4 * 64 + 24);
    REQUIRE(parse_slot_table(encode(SlotTable()), "a table") == SlotTable());
    REQUIRE(sample().base_of(3).slot == 77);
}

TEST_CASE("slot table: a truncated or too long one is corrupt", "[engine][slot_table]") {
    Bytes bytes = encode(sample());
    for (std::size_t length = 0; length < bytes.size(); ++length)
        REQUIRE(parse_error(ByteView(bytes).first(length)) == ErrorCode::corrupt);
    bytes.push_back(std::byte{0});
    REQUIRE(parse_error(bytes) == ErrorCode::corrupt);
}

TEST_CASE("slot table: each broken rule is detected", "[engine][slot_table]") {
    const auto corrupt = ErrorCode::corrupt;
    REQUIRE(error_after([](SlotTable& t) { t.frames[1].offset -= 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[1].offset = ~0ull; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[1].first_slot = 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[1].slot_count = 3; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[0].slot_count = 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[0].plain_bytes += 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[0].header_bytes += 24; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[0].stored_bytes = 2 * 65536; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[0].stored_bytes = 0; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.frames[1].stored_bytes -= 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[1].offset = 0; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[1].frame = 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[2].length = 4096; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[2].patch_mask = 1; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[2].kind = SlotKind::page; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[3].patch_mask = 7; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[3].patch_mask = 0; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[3].patch_mask = 0x1ff; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.patch_bases[0].slot = 2; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.patch_bases[0].base.slot = slots_per_pack_max; }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.patch_bases.clear(); }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.patch_bases.push_back(t.patch_bases[0]); }) == corrupt);
    REQUIRE(error_after([](SlotTable& t) { t.slots[0].kind = static_cast<SlotKind>(7); }) == ErrorCode::unsupported);
    REQUIRE(error_after([](SlotTable& t) { t.frames[0].codec = static_cast<FrameCodec>(2); }) ==
            ErrorCode::unsupported);
}

TEST_CASE("slot table: forged counts allocate nothing", "[engine][slot_table]") {
    for (const std::size_t field : {std::size_t{8}, std::size_t{12}, std::size_t{16}})
        for (const std::uint32_t value : {std::uint32_t{0xffffffff}, std::uint32_t{65537}, std::uint32_t{5}}) {
            Bytes bytes = encode(sample());
            store_le<std::uint32_t>(ByteSpan(bytes).subspan(field), value);
            REQUIRE(parse_error(bytes) == ErrorCode::corrupt);
        }
}

}  // namespace varve
