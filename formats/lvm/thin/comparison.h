#pragma once
/// Compares the mappings of two thin devices of one pool by walking them in step. A node that is in both trees is the
/// same part of the map and is not even read, so that the work grows with the differences and not with the devices.
/// Virtual blocks are in units of the pool's chunk. Immutable; safe to use from many threads.

#include <optional>

#include "formats/lvm/thin/mapping.h"

namespace varve::thin {

enum class BlockRelation {
    in_shared_node,  ///< the same in both, mapped or not: known without looking at it
    unmapped,        ///< in both
    same,            ///< both have the same data block
    different,       ///< both have a data block, but different ones
    before_only,
    now_only,
};

struct ComparedRun {
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    BlockRelation relation = BlockRelation::unmapped;
    /// The pool's time when the data blocks of `before` were allocated; nullopt if it has none or they were not read.
    std::optional<std::uint32_t> time_before;

    std::uint64_t end() const { return begin + length; }
};

/// A range of virtual blocks described by one node of each tree: two leaves, or a node that both share.
class ComparedPart {
public:
    explicit ComparedPart(std::uint64_t end) : end_(end) {}
    ComparedPart(std::uint64_t end, Node before, Node now)
        : end_(end), leaves_{Leaves{std::move(before), std::move(now)}} {}

    std::uint64_t end() const { return end_; }
    /// The run that begins at `begin`, which is in the part; it ends at `end` (after `begin`) or the part's end at the
    /// latest.
    ComparedRun run_at(std::uint64_t begin, std::uint64_t end) const;

private:
    struct Leaves {
        Node before;
        Node now;
    };

    std::uint64_t end_;
    std::optional<Leaves> leaves_;
};

enum class SharedNodes {
    skip,
    look_into,
};

class Comparison {
public:
    /// Reads one path from root to leaf in each tree, because their heights may differ. Throws Error(corrupt),
    /// Error(io).
    Comparison(const std::shared_ptr<const MetadataBlocks>& blocks, const Device& before, const Device& now,
               SharedNodes shared_nodes);

    /// The part that begins at `begin`. Throws Error(corrupt), Error(io).
    ComparedPart part_at(std::uint64_t begin) const;

private:
    /// A tree and its height.
    struct Side {
        Btree tree;
        unsigned height;
    };

    Side before_;
    Side now_;
    SharedNodes shared_nodes_;
};

}  // namespace varve::thin
