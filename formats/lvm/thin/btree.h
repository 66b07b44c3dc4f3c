#pragma once
/// The B+trees of a thin pool's metadata: 64-bit keys, values of one size in the leaves. Trees share nodes, as a node
/// is never changed while two trees have it. Source: the kernel's drivers/md/persistent-data/dm-btree.
///
/// Trees are untrusted: a node must hold keys within the bounds that its parent gives, and a way down has an end, so
/// that a tree that leads to itself is Error(corrupt). Immutable; safe from many threads.

#include <limits>

#include "formats/lvm/thin/metadata_block.h"

namespace varve::thin {

/// No tree has this key: it stands for "no bound".
inline constexpr std::uint64_t no_key = std::numeric_limits<std::uint64_t>::max();

/// The keys [begin, end).
struct KeyRange {
    std::uint64_t begin = 0;
    std::uint64_t end = no_key;
};

/// A node that was checked for shape: its entries fit in, its keys ascend.
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
    /// For values of 8 bytes: what they are, in a node that is no leaf a child's number.
    std::uint64_t word(std::size_t entry) const { return load_le<std::uint64_t>(value(entry)); }
    /// The first entry with a key not before `key`; count() when there is none.
    std::size_t first_not_before(std::uint64_t key) const;

    static constexpr std::size_t header_bytes = 32;

private:
    BlockNumber number_;
    BlockCache::Block block_;
    bool is_leaf_ = false;
    std::size_t count_ = 0;
    std::size_t value_bytes_ = 0;
    std::size_t values_begin_ = 0;
};

/// A node that was not read yet, and the keys that it answers for.
struct NodePlace {
    BlockNumber number = 0;
    KeyRange keys;
};

/// A leaf and the keys that it answers for: those that it lacks exist nowhere in the tree.
struct Leaf {
    Node node;
    KeyRange keys;
    unsigned depth = 0;  ///< nodes above it
};

class Btree {
public:
    /// `value_bytes` of the leaves. `what` names the tree in errors: "mapping tree". Reads nothing yet.
    Btree(std::shared_ptr<const MetadataBlocks> blocks, BlockNumber root, std::size_t value_bytes, std::string what);

    NodePlace root() const { return {root_, {}}; }
    /// Reads and checks the node at `place`.
    Node load(const NodePlace& place) const;
    /// The child of `node`, which is no leaf, that answers for `key`. The first child answers for keys before it, too.
    static NodePlace child(const Node& node, const KeyRange& keys, std::uint64_t key);

    /// The leaf that answers for `key`.
    Leaf leaf(std::uint64_t key) const;
    /// How many nodes lie above a leaf: all leaves of a sound tree are equally deep.
    unsigned height() const { return leaf(0).depth; }

    /// A tree of more levels is damaged: with at least a third of each node in use ten levels hold all keys there are.
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
