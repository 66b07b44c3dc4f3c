#include "formats/lvm/thin/comparison.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::thin {
namespace {

/// A position on the path from the root to a key.
class Descent {
public:
    Descent(const Btree& tree, unsigned height, std::uint64_t key)
        : tree_(tree), place_(tree.root()), height_(height), key_(key) {}

    BlockNumber number() const { return place_.number; }
    std::uint64_t keys_end() const { return place_.keys.end; }
    /// Levels below this node: 0 for a leaf.
    unsigned height() const { return height_; }

    void step_down() {
        place_ = Btree::child(load(), place_.keys, key_);
        --height_;
    }

    Node load() const {
        Node node = tree_.load(place_);
        if (node.is_leaf() != (height_ == 0))
            tree_.blocks().fail(place_.number, BlockKind::btree_node,
                                fmt::format("expected {} {} levels above the leaves of its tree, found {}",
                                            height_ == 0 ? "a leaf" : "an inner node", height_,
                                            node.is_leaf() ? "a leaf" : "an inner node"));
        return node;
    }

private:
    const Btree& tree_;
    NodePlace place_;
    unsigned height_;
    std::uint64_t key_;
};

BlockRelation relation_of(const MappingRun& before, const MappingRun& now) {
    if (!before.is_mapped && !now.is_mapped) return BlockRelation::unmapped;
    if (!now.is_mapped) return BlockRelation::before_only;
    if (!before.is_mapped) return BlockRelation::now_only;
    return before.data_block == now.data_block ? BlockRelation::same : BlockRelation::different;
}

}  // namespace

ComparedRun ComparedPart::run_at(std::uint64_t begin, std::uint64_t end) const {
    end = std::min(end, end_);
    VARVE_CHECK(begin < end);
    if (!leaves_) return {begin, end - begin, BlockRelation::in_shared_node, std::nullopt};
    const MappingRun before = run_in_leaf(leaves_->before, begin, end);
    const MappingRun now = run_in_leaf(leaves_->now, begin, end);
    ComparedRun run{begin, std::min(before.length, now.length), relation_of(before, now), std::nullopt};
    if (before.is_mapped) run.time_before = before.time;
    return run;
}

Comparison::Comparison(const std::shared_ptr<const MetadataBlocks>& blocks, const Device& before, const Device& now,
                       SharedNodes shared_nodes)
    : before_{mapping_tree(blocks, before), 0}, now_{mapping_tree(blocks, now), 0}, shared_nodes_(shared_nodes) {
    if (before.mapping_root == now.mapping_root && shared_nodes_ == SharedNodes::skip) return;
    before_.height = before_.tree.height();
    now_.height = now_.tree.height();
}

ComparedPart Comparison::part_at(std::uint64_t begin) const {
    Descent before(before_.tree, before_.height, begin);
    Descent now(now_.tree, now_.height, begin);
    while (true) {
        const bool is_shared = before.number() == now.number() && before.height() == now.height();
        if (is_shared && shared_nodes_ == SharedNodes::skip)
            return ComparedPart(std::min(before.keys_end(), now.keys_end()));
        if (before.height() == 0 && now.height() == 0)
            return ComparedPart(std::min(before.keys_end(), now.keys_end()), before.load(), now.load());
        const unsigned height = std::max(before.height(), now.height());
        if (before.height() == height) before.step_down();
        if (now.height() == height) now.step_down();
    }
}

}  // namespace varve::thin
