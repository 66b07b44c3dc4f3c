#include "engine/backup/map_builder.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {
namespace {

bool is_uniform(const LeafPage& page) {
    return page.entries[0].kind != MapKind::present &&
           std::all_of(page.entries.begin(), page.entries.end(),
                       [&](const LeafEntry& e) { return e.kind == page.entries[0].kind; });
}

bool is_uniform(const InnerPage& page) {
    return page.entries[0].kind != MapKind::present &&
           std::all_of(page.entries.begin(), page.entries.end(),
                       [&](const Subtree& s) { return s.kind == page.entries[0].kind; });
}

}  // namespace

MapBuilder::MapBuilder(PackSession& session, const DiskMap* parent) : session_(session), parent_(parent) {}

void MapBuilder::set_leaf(std::uint64_t leaf, const LeafPage& page, const Digest& digest) {
    VARVE_CHECK(leaf >= next_leaf_);
    next_leaf_ = leaf + 1;
    Subtree subtree;
    subtree.kind = page.entries[0].kind;
    if (!is_uniform(page)) subtree = {MapKind::present, digest, session_.put_metadata(SlotKind::page, encode(page))};
    set_entry(1, leaf, subtree);
}

void MapBuilder::set_uniform(std::uint64_t begin, std::uint64_t end, MapKind kind) {
    VARVE_CHECK(kind != MapKind::present && begin >= next_leaf_ && begin <= end);
    next_leaf_ = end;
    while (begin < end) {
        // The highest level whose subtree begins here and ends in the range; the root itself is always a page.
        int level = map_root_level;
        while (level > 1 && (begin % leaves_per_entry(level) != 0 || end - begin < leaves_per_entry(level))) --level;
        set_entry(level, begin / leaves_per_entry(level), Subtree{kind, {}, {}});
        begin += leaves_per_entry(level);
    }
}

/// Entry `entry`, counted over all pages of `level`, becomes `subtree`.
void MapBuilder::set_entry(int level, std::uint64_t entry, const Subtree& subtree) {
    close_below(level);
    const std::uint64_t page = entry / map_fanout;
    if (open_page(level).is_open && open_page(level).index != page) close(level);
    OpenPage& open = open_page(level);
    open.is_open = true;
    open.index = page;
    open.edits.emplace_back(static_cast<std::uint8_t>(entry % map_fanout), subtree);
}

void MapBuilder::close_below(int level) {
    for (int below = 1; below < level; ++below)
        if (open_page(below).is_open) close(below);
}

/// Everything below is closed, as part of this page or of an earlier one.
void MapBuilder::close(int level) {
    OpenPage done = std::exchange(open_page(level), OpenPage{});
    const Subtree parent = parent_subtree(level, done.index);
    const InnerPage before = parent_page(level, parent);
    InnerPage page = before;
    for (const auto& [entry, subtree] : done.edits) page.entries[entry] = subtree;

    Subtree result = parent;
    if (page != before || (level == map_root_level && parent.kind != MapKind::present)) {
        result = is_uniform(page) && level != map_root_level ? Subtree{page.entries[0].kind, {}, {}} : store(page);
    }
    if (level == map_root_level)
        root_ = result;
    else
        set_entry(level + 1, done.index, result);
}

Subtree MapBuilder::store(const InnerPage& page) {
    return {MapKind::present, inner_digest(page), session_.put_metadata(SlotKind::page, encode(page))};
}

Subtree MapBuilder::parent_subtree(int level, std::uint64_t index) const {
    return parent_ == nullptr ? Subtree{} : parent_->subtree(level, index);
}

InnerPage MapBuilder::parent_page(int level, const Subtree& parent) const {
    if (parent.kind == MapKind::present) return *parent_->inner(level, parent);
    InnerPage page;
    page.level = level;
    page.entries.fill(parent);
    return page;
}

Subtree MapBuilder::finish(ByteCount disk_size) {
    VARVE_CHECK(!root_ && disk_size <= map_disk_bytes_max);
    set_uniform(std::max(next_leaf_, leaf_count(disk_size)), leaves_per_entry(map_root_level + 1),
                MapKind::unallocated);
    close_below(map_root_level);
    open_page(map_root_level).is_open = true;  // a root page is written even when nothing was set
    close(map_root_level);
    return *root_;
}

}  // namespace varve
