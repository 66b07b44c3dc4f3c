#include "formats/base/source_bound.h"

namespace varve {

bool SourceBound::contains(ByteRange range) const {
    const auto end = checked_add(range.begin.value, range.length.value);
    if (!end) return false;
    if (*end <= known_.load(std::memory_order_relaxed)) return true;
    const std::uint64_t now = source_.size().value;
    known_.store(now, std::memory_order_relaxed);
    return *end <= now;
}

}  // namespace varve
