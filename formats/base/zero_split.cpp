#include "formats/base/zero_split.h"

#include <algorithm>
#include <bit>

#include "engine/base/check.h"

namespace varve {

ZeroSplit::ZeroSplit(ByteOffset at, ByteView bytes, ByteCount unit) : at_(at), bytes_(bytes), unit_(unit.value) {
    VARVE_CHECK(std::has_single_bit(unit_));
}

std::optional<ZeroSplitRun> ZeroSplit::next() {
    if (done_ == bytes_.size()) return std::nullopt;
    const std::size_t begin = done_;
    const bool is_zero = unit_is_zero(begin);
    do done_ += unit_length_at(done_);
    while (done_ < bytes_.size() && unit_is_zero(done_) == is_zero);
    return ZeroSplitRun{at_ + ByteCount{begin}, bytes_.subspan(begin, done_ - begin), is_zero};
}

std::size_t ZeroSplit::unit_length_at(std::size_t index) const {
    const std::uint64_t into_unit = (at_.value + index) & (unit_ - 1);
    return static_cast<std::size_t>(std::min<std::uint64_t>(unit_ - into_unit, bytes_.size() - index));
}

bool ZeroSplit::unit_is_zero(std::size_t index) const {
    return varve::is_zero(bytes_.subspan(index, unit_length_at(index)));
}

}  // namespace varve
