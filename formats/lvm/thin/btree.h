#pragma once
/// The B+trees of a thin pool's metadata: 64-bit keys, values of a fixed size in the leaves. Trees share nodes, because
/// a node is never changed while two trees contain it. Source: the kernel's drivers/md/persistent-data/dm-btree.
///
/// Trees are untrusted: the keys of a node must be within the bounds given by its parent, and the depth is limited, so
/// that a tree that contains itself is Error(corrupt). Immutable; safe to use from many threads.

#include <limits>

#include "formats/lvm/thin/metadata_block.h"

namespace varve::thin {

/// No tree contains this key: it means "no bound".
inline constexpr std::uint64_t no_key = std::numeric_limits<std::uint64_t>::max();

/// The keys [begin, end).
struct KeyRange {
    std::uint64_t begin = 0;
    std::uint64_t end = no_key;
};

/// A node whose shape was checked: its entries fit in, its keys ascend.
class Node {
public:
    Node(BlockNumber number, BlockCache::Block block);

    BlockNumber number() const { return number_; }
    bool is_leaf() const { return is_leaf_; }
    std::size_t count() const { return count_; }
    std::size_t value_bytes() const { return value_bytes_; }
    std::uint64_t key(std::size_t entry) const {
        return load_le<std::uint64_t>(ByteView(*block_).subspan(header_bytes + 8 * entry));
    }
    ByteView value(std::size_t entry) const {
        return ByteView(*block_).subspan(values_begin_ + entry * value_bytes_, value_bytes_);
    }
    /// A value of 8 bytes; in an inner node it is the child's number.
    std::uint64_t word(std::size_t entry) const { return load_le<std::uint64_t>(value(entry)); }
    /// The first entry with a key not less than `bound`; count() if there is none.
    std::size_t first_not_before(std::uint64_t bound) const;

    static constexpr std::size_t header_bytes = 32;

private:
    BlockNumber number_;
    BlockCache::Block block_;
    bool is_leaf_ = false;
    std::size_t count_ = 0;
    std::size_t value_bytes_ = 0;
    std::size_t values_begin_ = 0;
};

/// A node that was not read yet, and the keys for which it is responsible.
struct NodePlace {
    BlockNumber number = 0;
    KeyRange keys;
};

/// A leaf and the keys for which it is responsible: those that it lacks are not in the tree.
struct Leaf {
    Node node;
    KeyRange keys;
    unsigned depth = 0;  ///< nodes above it
};

class Btree {
public:
    /// `value_bytes` is the value size in the leaves. `what` names the tree in errors ("mapping tree"). Does not read.
    Btree(std::shared_ptr<const MetadataBlocks> blocks, BlockNumber root, std::size_t value_bytes, std::string what);

    NodePlace root() const { return {root_, {}}; }
    /// Reads and checks the node at `place`.
    Node load(const NodePlace& place) const;
    /// The child of `node`, an inner node, that is responsible for `key`. The first child is also responsible for all
    /// keys before its own.
    static NodePlace child(const Node& node, const KeyRange& keys, std::uint64_t key);

    /// The leaf that is responsible for `key`.
    Leaf leaf(std::uint64_t key) const;
    /// How many nodes are above a leaf: all leaves of a sound tree are equally deep.
    unsigned height() const { return leaf(0).depth; }

    /// A tree with more levels is damaged: with at least a third of each node in use, ten levels hold all 64-bit keys.
    static constexpr unsigned height_max = 15;

    const MetadataBlocks& blocks() const { return *blocks_; }

private:
    [[noreturn]] void fail(BlockNumber number, const std::string& what) const;

    std::shared_ptr<const MetadataBlocks> blocks_;
    BlockNumber root_;
    std::size_t value_bytes_;
    std::string what_;
};

}  // namespace varve::thin
