#include "engine/repository/map_page.h"

#include <random>

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

PackId pack(int n) {
    PackId id;
    id.bytes.fill(static_cast<std::byte>(n));
    return id;
}

LeafPage random_leaf(std::mt19937_64& random) {
    LeafPage page;
    for (std::size_t i = 0; i < map_fanout;) {
        const std::size_t run = std::min<std::size_t>(map_fanout - i, 1 + random() % 40);
        const auto kind = static_cast<MapKind>(random() % 3);
        const auto first = static_cast<std::uint32_t>(random() % 60000);
        const PackId where = pack(static_cast<int>(random() % 5));
        for (std::size_t k = 0; k < run; ++k, ++i)
            page.entries[i] = kind == MapKind::present ? LeafEntry{kind, {where, first + static_cast<std::uint32_t>(k)}}
                                                       : LeafEntry{kind, {}};
    }
    return page;
}

InnerPage random_inner(std::mt19937_64& random, int level) {
    InnerPage page;
    page.level = level;
    for (Subtree& entry : page.entries) {
        entry.kind = static_cast<MapKind>(random() % 3);
        if (entry.kind != MapKind::present) continue;
        entry.digest.bytes.fill(static_cast<std::byte>(random() % 256));
        entry.page = {pack(static_cast<int>(random() % 7)), static_cast<std::uint32_t>(random())};
    }
    return page;
}

}  // namespace

TEST_CASE("map page: parsing returns the encoded leaf and inner page", "[engine][map]") {
    std::mt19937_64 random(20261122);
    for (int round = 0; round < 200; ++round) {
        const LeafPage leaf = random_leaf(random);
        REQUIRE(parse_leaf_page(encode(leaf), "leaf") == leaf);
        const InnerPage inner = random_inner(random, 1 + round % 3);
        REQUIRE(parse_inner_page(encode(inner), inner.level, "page") == inner);
    }
}

TEST_CASE("map page: a leaf of one run is as short as FORMAT.md section 7 states", "[engine][map]") {
    LeafPage page;
    for (std::uint32_t i = 0; i < map_fanout; ++i) page.entries[i] = {MapKind::present, {pack(1), 100 + i}};
    const Bytes bytes = encode(page);
    REQUIRE(bytes.size() == 8 + 16 + 8);
    REQUIRE(text_of(ByteView(bytes).first(4)) == "VMPL");
    REQUIRE(load_le<std::uint16_t>(ByteView(bytes).subspan(6)) == 1);
    REQUIRE(load_le<std::uint32_t>(ByteView(bytes).subspan(28)) == 100);
}

TEST_CASE("map page: every truncation and every wrong byte is refused or yields a page", "[engine][map]") {
    std::mt19937_64 random(7);
    const Bytes whole = encode(random_leaf(random));
    for (std::size_t length = 0; length < whole.size(); ++length)
        REQUIRE_THROWS_AS(parse_leaf_page(ByteView(whole).first(length), "leaf"), Error);
    Bytes inner = encode(random_inner(random, 2));
    for (std::size_t i = 0; i < inner.size(); ++i) {
        Bytes bad = inner;
        bad[i] ^= static_cast<std::byte>(1 + random() % 255);
        try {
            parse_inner_page(bad, 2, "page");
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::corrupt);
        }
    }
}

TEST_CASE("map page: a page of another level or kind is refused by name", "[engine][map]") {
    std::mt19937_64 random(3);
    REQUIRE_THROWS_WITH(parse_inner_page(encode(random_inner(random, 2)), 1, "page"), ContainsSubstring("level"));
    REQUIRE_THROWS_WITH(parse_inner_page(encode(random_leaf(random)), 1, "page"), ContainsSubstring("VMPI"));
}

TEST_CASE("map page: digests cover only ids, and empty pages have none", "[engine][map]") {
    std::array<ChunkId, map_fanout> ids{};
    REQUIRE(leaf_digest(ids) == Digest{});
    ids[5].bytes.fill(std::byte{9});
    const Digest one = leaf_digest(ids);
    REQUIRE(one != Digest{});

    // FORMAT.md section 7, by hand: 00, then 256 ids.
    Bytes input(1 + map_fanout * 32);
    std::fill_n(input.begin() + 1 + 5 * 32, 32, std::byte{9});
    REQUIRE(one == sha256(input));

    InnerPage a;
    InnerPage b;
    a.entries[0] = {MapKind::zero, {}, {}};
    REQUIRE(inner_digest(a) == inner_digest(b));
    a.entries[1] = {MapKind::present, one, {pack(1), 1}};
    b.entries[1] = {MapKind::present, one, {pack(2), 7}};
    REQUIRE(inner_digest(a) == inner_digest(b));
    REQUIRE(root_identity({5}, one) != root_identity({6}, one));
}
