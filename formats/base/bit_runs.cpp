#include "formats/base/bit_runs.h"

#include <algorithm>
#include <optional>

#include "engine/base/check.h"

namespace varve {
namespace {

constexpr int pages_merged_max = 16;
constexpr std::uint64_t byte_bits = 8;

/// The number of the first bit from `bit` on that is not `value`; 8 if there is none.
std::uint64_t first_other(std::byte byte, std::uint64_t bit, bool value) {
    const unsigned others = std::to_integer<unsigned>(byte) ^ (value ? 0xffU : 0U);
    while (bit < byte_bits && (others >> bit & 1) == 0) ++bit;
    return bit;
}

}  // namespace

BitRun BitRuns::run_from(ByteRange area, std::uint64_t bit, std::uint64_t end) const {
    VARVE_CHECK(bit < end && end <= area.length.value * byte_bits);
    std::optional<bool> value;
    for (int pages = 0; pages < pages_merged_max && bit < end; ++pages) {
        const TableEntries bytes = pages_.entries_from(area, bit / byte_bits);
        for (std::size_t i = 0; i < bytes.count && bit < end; ++i) {
            const std::byte byte = bytes[i][0];
            if (!value) value = (std::to_integer<unsigned>(byte) >> bit % byte_bits & 1) != 0;
            const std::uint64_t first = first_other(byte, bit % byte_bits, *value);
            bit = bit / byte_bits * byte_bits + first;
            if (first < byte_bits) return {*value, std::min(bit, end)};
        }
    }
    return {*value, std::min(bit, end)};
}

}  // namespace varve
