#include "formats/lvm/thin/changes.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::thin {
namespace {

SharedNodes treatment_of_shared_nodes(const DevicePair& pair) {
    const bool proves_nothing = pair.before.id == pair.now.id || pair.before.snapshotted_time > pair.frozen_at ||
                                pair.external_origins == ExternalOrigins::different;
    return proves_nothing ? SharedNodes::look_into : SharedNodes::skip;
}

std::uint64_t common_blocks(const DevicePair& pair) {
    VARVE_CHECK(pair.chunk_size.value != 0);
    if (pair.size_before == pair.size_now) return divide_up(pair.size_now.value, pair.chunk_size.value);
    return std::min(pair.size_before, pair.size_now).value / pair.chunk_size.value;
}

}  // namespace

Changes::Changes(const std::shared_ptr<const MetadataBlocks>& blocks, const DevicePair& pair)
    : pair_(pair),
      comparison_(blocks, pair.before, pair.now, treatment_of_shared_nodes(pair)),
      comparable_blocks_(common_blocks(pair)) {}

ChangeRun Changes::change_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + pair_.size_now;
    VARVE_CHECK(at < end);
    const std::uint64_t first = at.value / pair_.chunk_size.value;
    if (first >= comparable_blocks_) return {at, end - at, true};
    const ComparedPart part = comparison_.part_at(first);
    const std::uint64_t part_end = std::min(part.end(), comparable_blocks_);
    ComparedRun run = part.run_at(first, part_end);
    const bool verdict = may_differ(run);
    while (run.end() < part_end) {
        const ComparedRun next = part.run_at(run.end(), part_end);
        if (may_differ(next) != verdict) break;
        run.length += next.length;
    }
    return {at, offset_of(run.end()) - at, verdict};
}

bool Changes::before_is_untouched(std::uint64_t mapped_blocks_then) const {
    const bool mark_went_back = pair_.before.snapshotted_time < pair_.frozen_at;
    if (mark_went_back || pair_.before.mapped_blocks != mapped_blocks_then) return false;
    for (std::uint64_t block = 0; block != no_key;) {
        const ComparedPart part = comparison_.part_at(block);
        while (block != part.end()) {
            const ComparedRun run = part.run_at(block, part.end());
            if (is_young(run)) return false;
            block = run.end();
        }
    }
    return true;
}

/// Where `block` begins; the last comparable block may be shorter than a chunk.
ByteOffset Changes::offset_of(std::uint64_t block) const {
    const bool is_disk_end = block == comparable_blocks_ && pair_.size_before == pair_.size_now;
    return is_disk_end ? ByteOffset{} + pair_.size_now : ByteOffset{block * pair_.chunk_size.value};
}

bool Changes::may_differ(const ComparedRun& run) const {
    switch (run.relation) {
        case BlockRelation::in_shared_node:
            return false;
        case BlockRelation::unmapped:
            return pair_.external_origins == ExternalOrigins::different;
        case BlockRelation::same:
            return is_young(run);
        case BlockRelation::different:
        case BlockRelation::before_only:
        case BlockRelation::now_only:
            break;
    }
    return true;
}

}  // namespace varve::thin
