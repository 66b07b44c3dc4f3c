#include "formats/lvm/thin/btree.h"

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::thin {
namespace {

constexpr std::uint32_t internal_flag = 1;
constexpr std::uint32_t leaf_flag = 2;
constexpr std::size_t child_bytes = 8;

/// The first 32 bytes of a node, except checksum and number, which are checked elsewhere.
struct NodeHeader {
    std::uint32_t flags;
    std::uint32_t count;
    std::uint32_t count_max;
    std::uint32_t value_bytes;
};

NodeHeader header_of(ByteView block) {
    const auto word = [&](std::size_t at) { return load_le<std::uint32_t>(block.subspan(at)); };
    return {word(4), word(16), word(20), word(24)};
}

/// Whether the node has room for its maximal number of keys and values.
bool fits(const NodeHeader& header) {
    constexpr std::size_t room = metadata_block_bytes - Node::header_bytes;
    return header.value_bytes <= room && header.count_max <= room &&
           header.count_max * (sizeof(std::uint64_t) + std::size_t{header.value_bytes}) <= room;
}

void check_header(const MetadataBlocks& blocks, BlockNumber number, const NodeHeader& header) {
    const auto fail = [&](const std::string& what) { blocks.fail(number, BlockKind::btree_node, what); };
    if (header.flags != internal_flag && header.flags != leaf_flag)
        fail(fmt::format("expected flags {} or {}, found {:#x}", internal_flag, leaf_flag, header.flags));
    if (!fits(header))
        fail(fmt::format("{} entries with values of {} bytes do not fit", header.count_max, header.value_bytes));
    if (header.count > header.count_max)
        fail(fmt::format("expected at most {} entries, found {}", header.count_max, header.count));
    if (header.flags == internal_flag && header.count == 0) fail("expected children, found none");
    if (header.flags == internal_flag && header.value_bytes != child_bytes)
        fail(fmt::format("expected child numbers of {} bytes, found {}", child_bytes, header.value_bytes));
}

void check_keys(const MetadataBlocks& blocks, BlockNumber number, const NodeHeader& header, ByteView block) {
    std::uint64_t previous = 0;
    for (std::size_t entry = 0; entry < header.count; ++entry) {
        const auto key = load_le<std::uint64_t>(block.subspan(Node::header_bytes + 8 * entry));
        if (key == no_key || (entry != 0 && key <= previous))
            blocks.fail(number, BlockKind::btree_node,
                        fmt::format("expected ascending keys, but entry {} has key {} after {}", entry, key, previous));
        previous = key;
    }
}

void check_children(const MetadataBlocks& blocks, BlockNumber number, const NodeHeader& header, ByteView block) {
    const ByteView children = block.subspan(Node::header_bytes + 8 * std::size_t{header.count_max});
    for (std::size_t entry = 0; entry < header.count; ++entry) {
        const auto child = load_le<std::uint64_t>(children.subspan(child_bytes * entry));
        if (child >= blocks.count())
            blocks.fail(
                number, BlockKind::btree_node,
                fmt::format("its child {} is block {}, but the metadata has {} blocks", entry, child, blocks.count()));
    }
}

void check_shape(const MetadataBlocks& blocks, BlockNumber number, ByteView block) {
    const NodeHeader header = header_of(block);
    check_header(blocks, number, header);
    check_keys(blocks, number, header, block);
    if (header.flags == internal_flag) check_children(blocks, number, header, block);
}

}  // namespace

Node::Node(BlockNumber number, BlockCache::Block block) : number_(number), block_(std::move(block)) {
    const NodeHeader header = header_of(*block_);
    is_leaf_ = header.flags == leaf_flag;
    count_ = header.count;
    value_bytes_ = header.value_bytes;
    values_begin_ = header_bytes + 8 * std::size_t{header.count_max};
}

std::size_t Node::first_not_before(std::uint64_t bound) const {
    std::size_t begin = 0;
    std::size_t end = count_;
    while (begin < end) {
        const std::size_t middle = begin + (end - begin) / 2;
        if (key(middle) < bound)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

Btree::Btree(std::shared_ptr<const MetadataBlocks> blocks, BlockNumber root, std::size_t value_bytes, std::string what)
    : blocks_(std::move(blocks)), root_(root), value_bytes_(value_bytes), what_(std::move(what)) {}

Node Btree::load(const NodePlace& place) const {
    blocks_->expect_inside(place.number, "a node of the " + what_);
    Node node(place.number,
              blocks_->node(place.number, [&](ByteView block) { check_shape(*blocks_, place.number, block); }));
    if (node.is_leaf() && node.value_bytes() != value_bytes_)
        fail(place.number, fmt::format("expected values of {} bytes, found {}", value_bytes_, node.value_bytes()));
    if (node.count() != 0 && (node.key(0) < place.keys.begin || node.key(node.count() - 1) >= place.keys.end))
        fail(place.number, fmt::format("according to its parent the keys are in [{}, {}), but they are {} to {}",
                                       place.keys.begin, place.keys.end, node.key(0), node.key(node.count() - 1)));
    return node;
}

NodePlace Btree::child(const Node& node, const KeyRange& keys, std::uint64_t key) {
    VARVE_CHECK(!node.is_leaf());
    const std::size_t after = node.first_not_before(key);
    const bool is_exact = after < node.count() && node.key(after) == key;
    const std::size_t entry = is_exact || after == 0 ? after : after - 1;
    const std::uint64_t end = entry + 1 < node.count() ? node.key(entry + 1) : keys.end;
    return {node.word(entry), {node.key(entry), end}};
}

Leaf Btree::leaf(std::uint64_t key) const {
    NodePlace place = root();
    for (unsigned depth = 0; depth <= height_max; ++depth) {
        Node node = load(place);
        if (node.is_leaf()) return {std::move(node), place.keys, depth};
        place = child(node, place.keys, key);
    }
    fail(root_, fmt::format("expected a tree of at most {} levels, found more", height_max + 1));
}

void Btree::fail(BlockNumber number, const std::string& what) const {
    blocks_->fail(number, BlockKind::btree_node, what_ + ": " + what);
}

}  // namespace varve::thin
