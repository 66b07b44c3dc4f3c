// A set of chunks to draw from: removed chunks are never drawn, all others equally often.

#include <set>

#include "engine/backup/chunk_space.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("chunk space: random removals leave the same as in a plain set", "[engine][audit]") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{21}));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    constexpr std::uint64_t chunks = 200;
    ChunkSpace space(chunks);
    std::set<std::uint64_t> model;
    for (std::uint64_t i = 0; i < chunks; ++i) model.insert(i);
    while (!model.empty()) {
        const std::uint64_t begin = random() % chunks;
        const std::uint64_t end = begin + random() % 12;
        space.remove({begin}, {end});
        for (std::uint64_t i = begin; i < end; ++i) model.erase(i);
        REQUIRE(space.left() == model.size());
        for (std::uint64_t i = 0; i < chunks + 3; ++i) REQUIRE(space.contains({i}) == model.contains(i));
        for (int draw = 0; draw < 20 && !model.empty(); ++draw) REQUIRE(model.contains(space.draw(random).value));
    }
}

TEST_CASE("chunk space: remaining chunks are drawn equally often", "[engine][audit]") {
    std::mt19937_64 random(7);
    ChunkSpace space(1000);
    space.remove({0}, {10});
    space.remove({15}, {500});
    space.remove({502}, {998});
    std::map<std::uint64_t, int> drawn;
    constexpr int draws = 9000;
    for (int i = 0; i < draws; ++i) ++drawn[space.draw(random).value];
    REQUIRE(drawn.size() == 9);
    // 1000 expected of each; the standard deviation is 30.
    for (const auto& [chunk, count] : drawn) {
        CAPTURE(chunk);
        CHECK(std::abs(count - draws / 9) < 150);
    }
}
