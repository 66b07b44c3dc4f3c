#include "formats/base/zero_split.h"

#include <random>

#include "tests/catch.h"

using namespace varve;

namespace {

std::vector<ZeroSplitRun> runs_of(ByteOffset at, ByteView bytes, ByteCount unit) {
    std::vector<ZeroSplitRun> runs;
    ZeroSplit split(at, bytes, unit);
    while (const auto run = split.next()) runs.push_back(*run);
    return runs;
}

}  // namespace

TEST_CASE("zero split: no bytes have no runs", "[formats][zero_split]") { REQUIRE(runs_of({5}, {}, kib(4)).empty()); }

TEST_CASE("zero split: units are aligned to the position, not to the buffer", "[formats][zero_split]") {
    Bytes bytes(3 * 4096);
    bytes[4095] = std::byte{1};  // guest byte 4096 + 95: the second unit, which begins at byte 4000 of the buffer's 96
    const auto runs = runs_of({96}, bytes, kib(4));
    REQUIRE(runs.size() == 3);
    REQUIRE((runs[0].begin == ByteOffset{96} && runs[0].bytes.size() == 4000 && runs[0].is_zero));
    REQUIRE((runs[1].begin == ByteOffset{4096} && runs[1].bytes.size() == 4096 && !runs[1].is_zero));
    REQUIRE((runs[2].begin == ByteOffset{8192} && runs[2].bytes.size() == 4096 + 96 && runs[2].is_zero));
}

TEST_CASE("zero split: runs cover the bytes in order, alternate, and have the right kind", "[formats][zero_split]") {
    std::mt19937 random(20261122);
    for (int round = 0; round < 500; ++round) {
        Bytes bytes(random() % 5000);
        for (auto& b : bytes) b = static_cast<std::byte>(random() % 100 == 0 ? 1 : 0);
        const ByteOffset at{random() % 1000};
        const ByteCount unit{std::uint64_t{1} << (random() % 11)};
        ByteOffset expected_begin = at;
        std::optional<bool> kind_before;
        for (const ZeroSplitRun& run : runs_of(at, bytes, unit)) {
            REQUIRE(run.begin == expected_begin);
            REQUIRE(!run.bytes.empty());
            REQUIRE(run.is_zero == is_zero(run.bytes));
            REQUIRE(kind_before != run.is_zero);
            kind_before = run.is_zero;
            expected_begin = run.range().end();
        }
        REQUIRE(expected_begin == at + ByteCount{bytes.size()});
    }
}
