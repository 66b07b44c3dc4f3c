#include "engine/change/range_changes.h"

#include <algorithm>
#include <random>

#include "tests/catch.h"

using namespace varve;

namespace {

/// Walks the map, also queries the middle of each run, and returns the answer for every byte.
std::vector<bool> walked(const ChangeMap& map, std::uint64_t size) {
    std::vector<bool> result;
    while (result.size() < size) {
        const ChangeRun run = map.change_at({result.size()});
        REQUIRE(run.begin.value == result.size());
        REQUIRE(run.length.value > 0);
        REQUIRE(run.length.value <= size - result.size());
        const ChangeRun rest = map.change_at({run.begin.value + run.length.value / 2});
        REQUIRE(rest.may_differ == run.may_differ);
        REQUIRE(rest.end() == run.end());
        result.insert(result.end(), run.length.value, run.may_differ);
    }
    return result;
}

}  // namespace

TEST_CASE("range changes: listed ranges may differ, everything else is unchanged", "[engine][changes]") {
    const RangeChanges map({{{10}, {5}}, {{100}, {1}}}, {200}, {200});
    CHECK_FALSE(map.change_at({0}).may_differ);
    CHECK(map.change_at({0}).length.value == 10);
    CHECK(map.change_at({10}).may_differ);
    CHECK(map.change_at({14}).end().value == 15);
    CHECK(map.change_at({15}).end().value == 100);
    CHECK(map.change_at({101}).end().value == 200);
}

TEST_CASE("range changes: an empty list means that nothing differs", "[engine][changes]") {
    CHECK_FALSE(RangeChanges({}, {5}, {5}).change_at({0}).may_differ);
    CHECK(RangeChanges({}, {5}, {5}).change_at({1}).length.value == 4);
    CHECK(RangeChanges({}, {0}, {5}).change_at({1}).may_differ);
}

TEST_CASE("range changes: what the earlier state did not have may differ", "[engine][changes]") {
    const RangeChanges grown({{{10}, {5}}, {{48}, {4}}}, {50}, {80});
    CHECK(grown.may_differ() == std::vector<ByteRange>{{{10}, {5}}, {{48}, {32}}});
    const RangeChanges shrunk({{{10}, {5}}, {{38}, {4}}, {{60}, {5}}}, {80}, {40});
    CHECK(shrunk.may_differ() == std::vector<ByteRange>{{{10}, {5}}, {{38}, {2}}});
    CHECK(shrunk.change_at({20}).end().value == 38);
}

TEST_CASE("range changes: random lists report for every byte what their ranges state", "[engine][changes]") {
    constexpr std::uint64_t seed = 20261122;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 300; ++i) {
        CAPTURE(i);
        const std::uint64_t before = 1 + random() % 400;
        const std::uint64_t now = 1 + random() % 400;
        std::vector<bool> expected(now, false);
        std::fill(expected.begin() + static_cast<std::ptrdiff_t>(std::min(before, now)), expected.end(), true);
        std::vector<ByteRange> ranges;
        for (std::uint64_t count = random() % 12; count > 0; --count) {
            const ByteRange range{{random() % 420}, {random() % 30}};
            for (std::uint64_t at = range.begin.value; at < std::min(now, range.end().value); ++at) expected[at] = true;
            ranges.push_back(range);
        }
        const RangeChanges map(ranges, {before}, {now});
        REQUIRE(walked(map, now) == expected);
        for (std::size_t r = 1; r < map.may_differ().size(); ++r)
            REQUIRE(map.may_differ()[r - 1].end() < map.may_differ()[r].begin);
    }
}
