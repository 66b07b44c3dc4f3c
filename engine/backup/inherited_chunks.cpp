#include "engine/backup/inherited_chunks.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/repository/map_page.h"

namespace varve {

InheritedChunks::InheritedChunks(const ChangeMap* changes, ByteCount size, ByteCount parent_size)
    : changes_(changes), is_whole_disk_(size == parent_size), size_(size) {
    if (changes_ == nullptr) return;
    const std::uint64_t common = std::min(size, parent_size).value;
    end_ = {is_whole_disk_ ? common : common / chunk_bytes * chunk_bytes};
}

ByteOffset InheritedChunks::same_until(ByteOffset at, ByteOffset limit) const {
    limit = std::min(limit, end_);
    while (at < limit) {
        const ChangeRun run = changes_->change_at(at);
        VARVE_CHECK(run.begin == at && run.length.value > 0);
        if (run.may_differ) break;
        at = run.end();
    }
    return std::min(at, limit);
}

std::optional<std::uint64_t> InheritedChunks::leaves_from(std::uint64_t leaf) const {
    const ByteOffset begin{leaf * leaf_bytes};
    if (begin >= end_) return std::nullopt;
    const ByteOffset same = same_until(begin, end_);
    const std::uint64_t end = is_whole_disk_ && same == end_ ? leaf_count(size_) : same.value / leaf_bytes;
    if (end <= leaf) return std::nullopt;
    return end;
}

std::vector<bool> InheritedChunks::chunks(ChunkIndex first, std::size_t count) const {
    const ByteOffset begin = first.begin();
    const ByteOffset end = begin + ByteCount{count * chunk_bytes};
    std::vector<bool> inherited;
    for (ByteOffset at = begin; at < std::min(end, end_);) {
        const ByteOffset same = same_until(at, end);
        const bool to_disk_end = is_whole_disk_ && same == end_;
        const std::uint64_t same_end = to_disk_end ? divide_up(same.value, chunk_bytes) : same.value / chunk_bytes;
        std::uint64_t chunk = divide_up(at.value, chunk_bytes);
        if (chunk < same_end) inherited.resize(count);
        for (; chunk < same_end; ++chunk) inherited[static_cast<std::size_t>(chunk - first.value)] = true;
        // Continue at the end of the chunk that differs somewhere.
        at = ByteOffset{(same.value / chunk_bytes + 1) * chunk_bytes};
    }
    return inherited;
}

}  // namespace varve
