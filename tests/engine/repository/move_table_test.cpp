#include "engine/repository/move_table.h"

#include "engine/base/error.h"
#include "engine/repository/slot_table.h"
#include "tests/catch.h"

namespace varve {
namespace {

PackId pack(unsigned byte) {
    PackId id;
    id.bytes.fill(static_cast<std::byte>(byte));
    return id;
}

MoveTable sample() {
    return {{{{pack(1), 10}, 5, {pack(8), 0}}, {{pack(1), 15}, 1, {pack(9), 40}}, {{pack(3), 0}, 100, {pack(8), 5}}}};
}

ErrorCode parse_error(ByteView bytes) {
    try {
        (void)parse_move_table(bytes, "a table");
    } catch (const Error& error) {
        REQUIRE_THAT(error.what(), ContainsSubstring("a table"));
        return error.code();
    }
    FAIL("expected an Error");
    return ErrorCode::usage;
}

}  // namespace

TEST_CASE("move table: parsing returns the encoded table", "[engine][move_table]") {
    REQUIRE(parse_move_table(encode(sample()), "a table") == sample());
    REQUIRE(encode(sample()).size() == 16 + 3 * 44);
    REQUIRE(parse_move_table(encode(MoveTable()), "a table") == MoveTable());
}

TEST_CASE("move table: slots inside a run move with it, others stay", "[engine][move_table]") {
    const MoveTable table = sample();
    REQUIRE(table.find({pack(1), 10}) == ChunkAddress{pack(8), 0});
    REQUIRE(table.find({pack(1), 14}) == ChunkAddress{pack(8), 4});
    REQUIRE(table.find({pack(1), 15}) == ChunkAddress{pack(9), 40});
    REQUIRE(table.find({pack(3), 99}) == ChunkAddress{pack(8), 104});
    for (const ChunkAddress& stays : {ChunkAddress{pack(1), 9}, ChunkAddress{pack(1), 16}, ChunkAddress{pack(2), 12},
                                      ChunkAddress{pack(3), 100}, ChunkAddress{pack(0), 0}, ChunkAddress{pack(4), 0}})
        REQUIRE_FALSE(table.find(stays));
    REQUIRE_FALSE(MoveTable().find({pack(1), 0}));
}

TEST_CASE("move table: a truncated, unsorted, overlapping or out-of-range one is corrupt", "[engine][move_table]") {
    const Bytes good = encode(sample());
    for (std::size_t length = 0; length < good.size(); ++length)
        REQUIRE(parse_error(ByteView(good).first(length)) == ErrorCode::corrupt);
    const auto with = [&](std::size_t at, std::uint32_t value) {
        Bytes bytes = good;
        store_le<std::uint32_t>(ByteSpan(bytes).subspan(at), value);
        return bytes;
    };
    constexpr std::size_t runs = 16;
    REQUIRE(parse_error(with(8, 0xffffffff)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(8, 2)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(4, 2)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(0, 0)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(runs + 20, 6)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(runs + 20, 0)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(runs + 20, 0xffffffff)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(runs + 16, slots_per_pack_max - 4)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(runs + 40, slots_per_pack_max - 4)) == ErrorCode::corrupt);
    REQUIRE(parse_error(with(runs + 44 + 16, 9)) == ErrorCode::corrupt);
}

}  // namespace varve
