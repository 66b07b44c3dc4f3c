#include "engine/change/range_changes.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {
namespace {

bool begins_before(const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; }

/// Merges in place; the ranges are sorted by their begin.
void join_what_touches(std::vector<ByteRange>& ranges) {
    std::size_t kept = 0;
    for (const ByteRange& range : ranges) {
        if (range.empty()) continue;
        if (kept != 0 && range.begin <= ranges[kept - 1].end()) {
            ByteRange& last = ranges[kept - 1];
            last.length = std::max(last.end(), range.end()) - last.begin;
        } else {
            ranges[kept++] = range;
        }
    }
    ranges.resize(kept);
}

}  // namespace

RangeChanges::RangeChanges(std::vector<ByteRange> may_differ, ByteCount size_before, ByteCount size_now)
    : may_differ_(std::move(may_differ)), end_(ByteOffset{} + size_now) {
    if (size_before < size_now) may_differ_.push_back({ByteOffset{} + size_before, size_now - size_before});
    for (ByteRange& range : may_differ_) {
        if (range.begin > end_) range = {end_, {}};
        range.length = std::min(range.length, end_ - range.begin);
    }
    if (!std::is_sorted(may_differ_.begin(), may_differ_.end(), begins_before))
        std::sort(may_differ_.begin(), may_differ_.end(), begins_before);
    join_what_touches(may_differ_);
}

ChangeRun RangeChanges::change_at(ByteOffset at) const {
    VARVE_CHECK(at < end_);
    const auto next = std::upper_bound(may_differ_.begin(), may_differ_.end(), ByteRange{at, {}}, begins_before);
    if (next != may_differ_.begin()) {
        const ByteRange& range = *std::prev(next);
        if (at < range.end()) return {at, range.end() - at, true};
    }
    return {at, (next == may_differ_.end() ? end_ : next->begin) - at, false};
}

}  // namespace varve
