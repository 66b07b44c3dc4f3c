#include "engine/prune/page_substitutes.h"

#include <algorithm>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/repository/disk_map.h"

namespace varve {
namespace {

class PageWalk {
public:
    PageWalk(const Repository& repository, const std::stop_token& stop) : repository_(repository), stop_(stop) {}

    void add(const SnapshotRecord& snapshot) {
        const DiskMap map(repository_.chunks, snapshot);
        walk(map, map_root_level, 0, map.root());
    }

    const std::vector<LostPage>& damaged() const { return damaged_; }

    /// A page that can be read, and whose content has this digest, which is not zero.
    std::optional<ChunkAddress> page_with(int level, const Digest& digest) const {
        const auto found = readable_.find(digest);
        if (found == readable_.end() || !is_proved(level, {MapKind::present, digest, found->second}))
            return std::nullopt;
        return found->second;
    }

private:
    void walk(const DiskMap& map, int level, std::uint64_t first_leaf, const Subtree& subtree);
    bool is_proved(int level, const Subtree& subtree) const;
    Digest digest_of(const LeafPage& page) const;

    const Repository& repository_;
    const std::stop_token& stop_;
    std::unordered_set<ChunkAddress> seen_;
    std::unordered_map<Digest, ChunkAddress> readable_;
    std::vector<LostPage> damaged_;
};

void PageWalk::walk(const DiskMap& map, int level, std::uint64_t first_leaf, const Subtree& subtree) {
    if (subtree.kind != MapKind::present) return;
    const std::optional<ChunkAddress> now = repository_.catalog.current(subtree.page);
    if (!now || !seen_.insert(*now).second) return;
    throw_if_stopped(stop_);
    try {
        if (level == 0) {
            map.leaf(subtree);
        } else {
            const auto page = map.inner(level, subtree);
            for (std::size_t i = 0; i < map_fanout; ++i)
                walk(map, level - 1, first_leaf + i * leaves_per_entry(level), page->entries[i]);
        }
        readable_.emplace(subtree.digest, *now);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        damaged_.push_back({level, first_leaf, subtree.digest, *now});
    }
}

bool PageWalk::is_proved(int level, const Subtree& subtree) const try {
    const DiskMap map(repository_.chunks, {}, subtree);
    return (level == 0 ? digest_of(*map.leaf(subtree)) : inner_digest(*map.inner(level, subtree))) == subtree.digest;
} catch (const Error& error) {
    if (!is_damaged_or_missing(error)) throw;
    return false;
}

/// Zero, which is asked for nowhere, when one of its chunks is nowhere.
Digest PageWalk::digest_of(const LeafPage& page) const {
    std::array<ChunkId, map_fanout> ids{};
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (page.entries[i].kind != MapKind::present) continue;
        const std::optional<ChunkAddress> now = repository_.catalog.current(page.entries[i].address);
        if (!now) return {};
        const auto table = repository_.catalog.slots(now->pack);
        if (now->slot >= table->slots.size()) return {};
        ids[i] = table->slots[now->slot].id;
    }
    return leaf_digest(ids);
}

}  // namespace

PageSubstitutes PageSubstitutes::search(const Repository& repository, std::span<const PageSource* const> sources,
                                        const std::stop_token& stop) {
    PageWalk walk(repository, stop);
    for (const ListedSnapshot& snapshot : repository.catalog.snapshots()) walk.add(snapshot.record);
    PageAssembly assembly(repository, [&](int level, const Digest& digest) { return walk.page_with(level, digest); });
    PageSubstitutes found;
    std::vector<LostPage>& lost = found.lost_;
    for (const LostPage& page : walk.damaged()) {
        if (is_zero(page.digest.view()))
            found.add(page.now, page_of_nothing(page.level));
        else if (const auto twin = walk.page_with(page.level, page.digest))
            found.add(page.now, {page.level, repository.chunks.get_metadata(*twin, SlotKind::page)});
        else
            lost.push_back(page);
    }
    for (const PageSource* source : sources) {
        if (lost.empty()) break;
        source->assemble(lost, assembly, stop);
        std::erase_if(lost, [&](const LostPage& page) { return found.add_made(page, assembly); });
    }
    return found;
}

void PageSubstitutes::add(const ChunkAddress& page, SubstitutePage substitute) {
    by_damaged_.emplace(page, std::make_shared<const SubstitutePage>(std::move(substitute)));
}

/// False: none was made.
bool PageSubstitutes::add_made(const LostPage& page, const PageAssembly& assembly) {
    auto made = assembly.made(page.level, page.digest);
    if (made == nullptr) return false;
    by_damaged_.emplace(page.now, std::move(made));
    return true;
}

const SubstitutePage* PageSubstitutes::find(const ChunkAddress& page) const {
    const auto found = by_damaged_.find(page);
    return found == by_damaged_.end() ? nullptr : found->second.get();
}

const SubstitutePage* PageSubstitutes::find(int level, const ChunkAddress& page) const {
    const SubstitutePage* found = find(page);
    return found != nullptr && found->level == level ? found : nullptr;
}

bool PageSubstitutes::has_in(const PackId& pack) const {
    return std::any_of(by_damaged_.begin(), by_damaged_.end(),
                       [&](const auto& entry) { return entry.first.pack == pack; });
}

}  // namespace varve
