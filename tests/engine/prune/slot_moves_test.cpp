#include "engine/prune/slot_moves.h"

#include <random>

#include "tests/catch.h"

using namespace varve;

namespace {

PackId numbered(int number) {
    PackId id;
    id.bytes[0] = static_cast<std::byte>(number);
    return id;
}

}  // namespace

TEST_CASE("slot moves: neighbours that move together are one run, and the first move of a slot counts", "[prune]") {
    SlotMoves moves;
    for (std::uint32_t i = 0; i < 10; ++i) moves.add({numbered(1), i}, {numbered(9), 100 + i});
    moves.add({numbered(1), 3}, {numbered(8), 0});
    moves.add({numbered(1), 10}, {numbered(9), 5});
    const auto tables = moves.tables();
    REQUIRE(tables.size() == 1);
    REQUIRE(tables[0].runs.size() == 2);
    REQUIRE(moves.find({numbered(1), 3}) == ChunkAddress{numbered(9), 103});
    REQUIRE(moves.find({numbered(1), 10}) == ChunkAddress{numbered(9), 5});
    REQUIRE_FALSE(moves.find({numbered(1), 11}));
    REQUIRE_FALSE(moves.find({numbered(2), 0}));
}

TEST_CASE("slot moves: the tables are valid and answer as the moves do, in any order of adding", "[prune]") {
    std::mt19937_64 random(7);
    SlotMoves moves;
    std::map<ChunkAddress, ChunkAddress> all;
    for (int i = 0; i < 5000; ++i) {
        const ChunkAddress from{numbered(static_cast<int>(random() % 5)), static_cast<std::uint32_t>(random() % 2000)};
        const ChunkAddress to{numbered(9), from.slot + static_cast<std::uint32_t>(random() % 2)};
        moves.add(from, to);
        all.emplace(from, to);
    }
    moves.drop(numbered(3));
    const auto tables = moves.tables();
    REQUIRE(tables.size() == 1);
    const MoveTable table = parse_move_table(encode(tables[0]), "table");
    for (const auto& [from, to] : all) {
        const auto expected = from.pack == numbered(3) ? std::nullopt : std::optional(to);
        REQUIRE(moves.find(from) == expected);
        REQUIRE(table.find(from) == expected);
    }
}
