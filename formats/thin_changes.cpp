#include "formats/thin_changes.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::thin {
namespace {

constexpr int parts_merged_max = 64;

SharedNodes what_to_do_with_shared_nodes(const DevicePair& pair) {
    const bool tells_nothing = pair.before.id == pair.now.id || pair.before.snapshotted_time > pair.frozen_at ||
                               pair.external_origins == ExternalOrigins::different;
    return tells_nothing ? SharedNodes::look_into : SharedNodes::skip;
}

std::uint64_t common_blocks(const DevicePair& pair) {
    VARVE_CHECK(pair.chunk_size.value != 0);
    if (pair.size_before == pair.size_now) return divide_up(pair.size_now.value, pair.chunk_size.value);
    return std::min(pair.size_before, pair.size_now).value / pair.chunk_size.value;
}

}  // namespace

ThinChanges::ThinChanges(const std::shared_ptr<const MetadataBlocks>& blocks, const DevicePair& pair)
    : pair_(pair),
      comparison_(blocks, pair.before, pair.now, what_to_do_with_shared_nodes(pair)),
      comparable_blocks_(common_blocks(pair)) {}

ChangeRun ThinChanges::change_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + pair_.size_now;
    VARVE_CHECK(at < end);
    std::uint64_t block = at.value / pair_.chunk_size.value;
    if (block >= comparable_blocks_) return {at, end - at, true};
    std::optional<bool> verdict;
    for (int parts = 0; parts < parts_merged_max && block < comparable_blocks_; ++parts) {
        const ComparedPart part = comparison_.part_at(block);
        const std::uint64_t part_end = std::min(part.end(), comparable_blocks_);
        while (block < part_end) {
            const ComparedRun run = part.run_at(block, part_end);
            if (!verdict) verdict = may_differ(run);
            if (may_differ(run) != *verdict) return {at, ByteOffset{block * pair_.chunk_size.value} - at, *verdict};
            block = run.end();
        }
    }
    const ByteOffset run_end = block == comparable_blocks_ && pair_.size_before == pair_.size_now
                                   ? end
                                   : ByteOffset{block * pair_.chunk_size.value};
    return {at, run_end - at, *verdict};
}

bool ThinChanges::before_is_untouched(std::uint64_t mapped_blocks_then) const {
    if (pair_.before.mapped_blocks != mapped_blocks_then) return false;
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

bool ThinChanges::may_differ(const ComparedRun& run) const {
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
