#include "formats/lvm/thin/mapping.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::thin {
namespace {

constexpr std::size_t mapping_bytes = 8;
constexpr unsigned time_bits = 24;
constexpr std::uint64_t one_block_further = std::uint64_t{1} << time_bits;

}  // namespace

MappingRun run_in_leaf(const Node& leaf, std::uint64_t begin, std::uint64_t end) {
    VARVE_CHECK(begin < end);
    const std::size_t first = leaf.first_not_before(begin);
    if (first == leaf.count() || leaf.key(first) >= end) return {begin, end - begin, false, 0, 0};
    if (leaf.key(first) != begin) return {begin, leaf.key(first) - begin, false, 0, 0};
    const std::uint64_t value = leaf.word(first);
    const std::uint64_t count_max = std::min<std::uint64_t>(end - begin, leaf.count() - first);
    std::size_t count = 1;
    while (count < count_max && leaf.key(first + count) == begin + count &&
           leaf.word(first + count) == value + count * one_block_further)
        ++count;
    return {begin, count, true, value >> time_bits, static_cast<std::uint32_t>(value & (one_block_further - 1))};
}

Mapping::Mapping(std::shared_ptr<const MetadataBlocks> blocks, const Device& device)
    : tree_(mapping_tree(std::move(blocks), device)) {}

MappingRun Mapping::run_at(std::uint64_t begin, std::uint64_t end) const {
    VARVE_CHECK(begin < end);
    if (!tree_) return {begin, end - begin, false, 0, 0};
    const Leaf leaf = tree_->leaf(begin);
    return run_in_leaf(leaf.node, begin, std::min(end, leaf.keys.end));
}

void Mapping::check_unchanged() const {
    if (tree_) tree_->blocks().check_unchanged();
}

Btree mapping_tree(std::shared_ptr<const MetadataBlocks> blocks, const Device& device) {
    return Btree(std::move(blocks), device.mapping_root, mapping_bytes,
                 fmt::format("mappings of device {}", device.id));
}

}  // namespace varve::thin
