#include "engine/prune/repository_pages.h"

#include <algorithm>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/repository/known_chunks.h"

namespace varve {
namespace {

class RepositoryAssembly {
public:
    RepositoryAssembly(const Repository& from, std::vector<LostPage> lost, PageAssembly& assembly,
                       const std::stop_token& stop)
        : from_(from), lost_(std::move(lost)), assembly_(assembly), stop_(stop) {
        std::ranges::sort(lost_, [](const LostPage& a, const LostPage& b) {
            return a.first_leaf != b.first_leaf ? a.first_leaf < b.first_leaf : a.level > b.level;
        });
    }

    void add(const SnapshotRecord& snapshot) {
        const DiskMap map(from_.chunks, snapshot);
        look_for_lost(map, map_root_level, 0, map.root());
    }

private:
    void look_for_lost(const DiskMap& map, int level, std::uint64_t first_leaf, const Subtree& subtree);
    void look_below(const DiskMap& map, int level, std::uint64_t first_leaf, const Subtree& subtree);
    std::optional<AssembledSubtree> subtree(const DiskMap& map, int level, const Subtree& subtree);
    std::optional<AssembledSubtree> page(const DiskMap& map, int level, const Subtree& subtree);
    std::optional<AssembledSubtree> leaf(const DiskMap& map, const Subtree& subtree);
    std::optional<AssembledSubtree> inner(const DiskMap& map, int level, const Subtree& subtree);

    const Repository& from_;
    std::vector<LostPage> lost_;  ///< by place, the largest first
    PageAssembly& assembly_;
    const std::stop_token& stop_;
    std::unordered_set<ChunkAddress> looked_below_;
    std::unordered_map<ChunkAddress, std::optional<AssembledSubtree>> assembled_;  ///< by the other one's page
};

/// Goes down where something below is lost. Pages that maps share are looked at once.
void RepositoryAssembly::look_for_lost(const DiskMap& map, int level, std::uint64_t first_leaf,
                                       const Subtree& subtree) {
    if (subtree.kind != MapKind::present) return;
    const std::uint64_t end = first_leaf + leaves_per_entry(level + 1);
    bool is_above_lost = false;
    for (auto page = std::ranges::lower_bound(lost_, first_leaf, {}, &LostPage::first_leaf);
         page != lost_.end() && page->first_leaf < end && !is_above_lost; ++page) {
        if (page->level == level && page->digest == subtree.digest)
            this->subtree(map, level, subtree);
        else
            is_above_lost = page->level < level;
    }
    if (is_above_lost && looked_below_.insert(subtree.page).second) look_below(map, level, first_leaf, subtree);
}

void RepositoryAssembly::look_below(const DiskMap& map, int level, std::uint64_t first_leaf, const Subtree& subtree) {
    throw_if_stopped(stop_);
    try {
        const auto page = map.inner(level, subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            look_for_lost(map, level - 1, first_leaf + i * leaves_per_entry(level), page->entries[i]);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
    }
}

/// nullopt: something of it cannot be read, is not what its digest states, or is a chunk that the repository lacks.
std::optional<AssembledSubtree> RepositoryAssembly::subtree(const DiskMap& map, int level, const Subtree& subtree) {
    if (subtree.kind != MapKind::present) return AssembledSubtree{{subtree.kind, {}, {}}};
    if (auto known = assembly_.find(level, subtree.digest)) return known;
    if (const auto known = assembled_.find(subtree.page); known != assembled_.end()) return known->second;
    throw_if_stopped(stop_);
    auto assembled = page(map, level, subtree);
    return assembled_.emplace(subtree.page, std::move(assembled)).first->second;
}

std::optional<AssembledSubtree> RepositoryAssembly::page(const DiskMap& map, int level, const Subtree& subtree) try {
    return level == 0 ? leaf(map, subtree) : inner(map, level, subtree);
} catch (const Error& error) {
    if (!is_damaged_or_missing(error)) throw;
    return std::nullopt;
}

std::optional<AssembledSubtree> RepositoryAssembly::leaf(const DiskMap& map, const Subtree& subtree) {
    const KnownLeaf known = describe_leaf(map, from_.catalog, subtree);
    if (leaf_digest(known.ids) != subtree.digest) return std::nullopt;
    LeafContent content;
    content.ids = known.ids;
    std::ranges::transform(known.page.entries, content.kinds.begin(), &LeafEntry::kind);
    return assembly_.leaf(content);
}

std::optional<AssembledSubtree> RepositoryAssembly::inner(const DiskMap& map, int level, const Subtree& subtree) {
    const auto page = map.inner(level, subtree);
    if (inner_digest(*page) != subtree.digest) return std::nullopt;
    std::array<AssembledSubtree, map_fanout> children;
    for (std::size_t i = 0; i < map_fanout; ++i) {
        auto child = this->subtree(map, level - 1, page->entries[i]);
        if (!child) return std::nullopt;
        children[i] = std::move(*child);
    }
    return assembly_.inner(level, children);
}

}  // namespace

void RepositoryPages::assemble(const std::vector<LostPage>& lost, PageAssembly& assembly,
                               const std::stop_token& stop) const {
    RepositoryAssembly run(from_, lost, assembly, stop);
    for (const ListedSnapshot& snapshot : from_.catalog.snapshots()) run.add(snapshot.record);
}

}  // namespace varve
