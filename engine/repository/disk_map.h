#pragma once
/// One snapshot's map, read page by page as it is needed. Immutable; safe from many threads. Costs one page read per
/// page touched; a few parsed pages are kept.

#include <functional>
#include <memory>
#include <unordered_set>

#include "engine/base/units.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/map_page.h"

namespace varve {

class DiskMap {
public:
    /// Borrows `chunks` for its life. Nothing is read yet.
    DiskMap(const ChunkStore& chunks, const SnapshotRecord& snapshot);
    DiskMap(const ChunkStore& chunks, ByteCount size, const Subtree& root);
    ~DiskMap();
    DiskMap(DiskMap&&) noexcept;

    /// From now on the subtree below `page`, which cannot be read, counts as unallocated. Not beside other calls.
    void hide(const ChunkAddress& page) { hidden_.insert(page); }

    ByteCount size() const { return size_; }
    /// The root page as a subtree of level 3; always present.
    const Subtree& root() const { return root_; }

    /// The subtree `index` of `level`: at level 0 a leaf, at level 1 the inner page above 256 leaves, and so on. Where
    /// a subtree above is uniform, so is the answer.
    Subtree subtree(int level, std::uint64_t index) const;

    /// Parsed pages of a present subtree.
    std::shared_ptr<const LeafPage> leaf(const Subtree& subtree) const;
    std::shared_ptr<const InnerPage> inner(int level, const Subtree& subtree) const;

private:
    struct PageCache;

    const ChunkStore* chunks_;
    ByteCount size_;
    Subtree root_;
    std::unordered_set<ChunkAddress> hidden_;
    std::unique_ptr<PageCache> cache_;
};

/// A run of leaves that one visit covers: one leaf page, or a uniform subtree of any level.
struct LeafSpan {
    std::uint64_t first_leaf = 0;
    std::uint64_t leaf_count = 0;
    Subtree subtree;  ///< present: exactly one leaf
};

/// Calls `visit` for the leaves in [begin, end), ascending, with one call per uniform subtree, clipped to the range.
void for_each_leaf_span(const DiskMap& map, std::uint64_t begin, std::uint64_t end,
                        const std::function<void(const LeafSpan&)>& visit);

}  // namespace varve
