#include "engine/repository/disk_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/lru_cache.h"

namespace varve {
namespace {

constexpr std::size_t pages_kept = 16;  ///< of each kind

std::string map_page_name(const ChunkAddress& address) {
    return fmt::format("map page at slot {} of pack {}", address.slot, address.pack.hex());
}

}  // namespace

struct DiskMap::PageCache {
    LruCache<ChunkAddress, LeafPage> leaves{pages_kept};
    LruCache<ChunkAddress, InnerPage> inner{pages_kept};
};

DiskMap::DiskMap(const ChunkStore& chunks, const SnapshotRecord& snapshot)
    : DiskMap(chunks, snapshot.size, Subtree{MapKind::present, snapshot.map_digest, snapshot.map}) {}

DiskMap::DiskMap(const ChunkStore& chunks, ByteCount size, const Subtree& root)
    : chunks_(&chunks), size_(size), root_(root), cache_(std::make_unique<PageCache>()) {
    VARVE_CHECK(root.kind == MapKind::present);
}

DiskMap::~DiskMap() = default;
DiskMap::DiskMap(DiskMap&&) noexcept = default;

Subtree DiskMap::subtree(int level, std::uint64_t index) const {
    VARVE_CHECK(level >= 0 && level <= map_root_level);
    Subtree at = root_;
    for (int above = map_root_level; above > level && at.kind == MapKind::present; --above) {
        const std::size_t child = (index >> (8 * (above - 1 - level))) % map_fanout;
        at = inner(above, at)->entries[child];
    }
    return at;
}

std::shared_ptr<const LeafPage> DiskMap::leaf(const Subtree& subtree) const {
    VARVE_CHECK(subtree.kind == MapKind::present);
    if (auto page = cache_->leaves.find(subtree.page)) return page;
    auto page = std::make_shared<const LeafPage>(
        parse_leaf_page(chunks_->get_metadata(subtree.page, SlotKind::page), map_page_name(subtree.page)));
    cache_->leaves.put(subtree.page, page);
    return page;
}

std::shared_ptr<const InnerPage> DiskMap::inner(int level, const Subtree& subtree) const {
    VARVE_CHECK(subtree.kind == MapKind::present);
    if (auto page = cache_->inner.find(subtree.page); page && page->level == level) return page;
    auto page = std::make_shared<InnerPage>(
        parse_inner_page(chunks_->get_metadata(subtree.page, SlotKind::page), level, map_page_name(subtree.page)));
    if (!hidden_.empty())
        for (Subtree& entry : page->entries)
            if (entry.kind == MapKind::present && hidden_.contains(entry.page)) entry = Subtree{};
    cache_->inner.put(subtree.page, page);
    return page;
}

namespace {

struct SpanWalk {
    const DiskMap& map;
    std::uint64_t begin;
    std::uint64_t end;
    const std::function<void(const LeafSpan&)>& visit;

    /// `subtree` is at `level` and begins at leaf `first`.
    void walk(int level, std::uint64_t first, const Subtree& subtree) const {
        const std::uint64_t last = first + leaves_per_entry(level + 1);
        const std::uint64_t from = std::max(first, begin);
        const std::uint64_t to = std::min(last, end);
        if (from >= to) return;
        if (level == 0 || subtree.kind != MapKind::present) {
            visit({from, to - from, subtree});
            return;
        }
        const auto page = map.inner(level, subtree);
        const std::uint64_t step = leaves_per_entry(level);
        for (std::size_t i = (from - first) / step; i < map_fanout && first + i * step < to; ++i)
            walk(level - 1, first + i * step, page->entries[i]);
    }
};

}  // namespace

void for_each_leaf_span(const DiskMap& map, std::uint64_t begin, std::uint64_t end,
                        const std::function<void(const LeafSpan&)>& visit) {
    SpanWalk{map, begin, end, visit}.walk(map_root_level, 0, map.root());
}

}  // namespace varve
