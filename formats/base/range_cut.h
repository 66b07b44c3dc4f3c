#pragma once
/// A range cut at the boundaries of equal units: the first step of a writer whose format allocates in units.

#include <algorithm>

#include "engine/base/units.h"

namespace varve {

/// `whole` consists of whole units, `head` and `tail` are each inside one unit; any of them may be empty.
struct RangeCut {
    ByteRange head;
    ByteRange whole;
    ByteRange tail;
};

inline RangeCut cut_at_units(ByteRange range, ByteCount unit) {
    const std::uint64_t into_unit = range.begin.value % unit.value;
    const std::uint64_t to_border = into_unit == 0 ? 0 : unit.value - into_unit;
    const std::uint64_t head = std::min(to_border, range.length.value);
    const std::uint64_t tail = (range.length.value - head) % unit.value;
    const std::uint64_t whole = range.length.value - head - tail;
    return {{range.begin, {head}},
            {range.begin + ByteCount{head}, {whole}},
            {range.begin + ByteCount{head + whole}, {tail}}};
}

}  // namespace varve
