#include "engine/backup/chunk_space.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {

ChunkIndex ChunkSpace::draw(std::mt19937_64& random) const {
    VARVE_CHECK(left_ > 0);
    // While most chunks are left, a few trials among all are cheaper than a walk over all removed runs.
    while (left_ > chunks_ / 8) {
        const ChunkIndex chunk{std::uniform_int_distribution<std::uint64_t>(0, chunks_ - 1)(random)};
        if (contains(chunk)) return chunk;
    }
    // The chunk's number among those left, then moved past every removed run before it.
    std::uint64_t chunk = std::uniform_int_distribution<std::uint64_t>(0, left_ - 1)(random);
    for (const auto& [begin, end] : removed_) {
        if (begin > chunk) break;
        chunk += end - begin;
    }
    return {chunk};
}

void ChunkSpace::remove(ChunkIndex begin, ChunkIndex end) {
    std::uint64_t from = begin.value;
    std::uint64_t to = std::min(end.value, chunks_);
    if (from >= to) return;
    auto next = removed_.upper_bound(from);
    if (next != removed_.begin() && std::prev(next)->second >= from) --next;
    while (next != removed_.end() && next->first <= to) {
        from = std::min(from, next->first);
        to = std::max(to, next->second);
        left_ += next->second - next->first;
        next = removed_.erase(next);
    }
    removed_.emplace(from, to);
    left_ -= to - from;
}

bool ChunkSpace::contains(ChunkIndex chunk) const {
    if (chunk.value >= chunks_) return false;
    const auto next = removed_.upper_bound(chunk.value);
    return next == removed_.begin() || std::prev(next)->second <= chunk.value;
}

}  // namespace varve
