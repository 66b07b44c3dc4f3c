#include "engine/prune/page_assembly.h"

#include <algorithm>

namespace varve {

std::optional<AssembledSubtree> PageAssembly::leaf(const LeafContent& content) {
    const auto& kinds = content.kinds;
    if (kinds[0] != MapKind::present && std::ranges::count(kinds, kinds[0]) == map_fanout)
        return AssembledSubtree{{kinds[0], {}, {}}};
    const Digest digest = leaf_digest(content.ids);
    if (auto known = find(0, digest)) return known;
    LeafPage page;
    for (std::size_t i = 0; i < map_fanout; ++i) {
        LeafEntry& entry = page.entries[i];
        entry.kind = kinds[i];
        if (entry.kind != MapKind::present) continue;
        const std::optional<ChunkAddress> place = place_of(content.ids[i]);
        if (!place) return std::nullopt;
        entry.address = *place;
    }
    return make(digest, {0, encode(page)});
}

AssembledSubtree PageAssembly::inner(int level, const std::array<AssembledSubtree, map_fanout>& children) {
    InnerPage page;
    page.level = level;
    SubstitutePage substitute{level, {}};
    for (std::size_t i = 0; i < map_fanout; ++i) {
        page.entries[i] = children[i].subtree;
        if (children[i].made) substitute.children.emplace(i, children[i].made);
    }
    const MapKind first = page.entries[0].kind;
    const auto is_like_first = [&](const Subtree& entry) { return entry.kind == first; };
    if (level < map_root_level && first != MapKind::present && std::ranges::all_of(page.entries, is_like_first))
        return {{first, {}, {}}};
    const Digest digest = inner_digest(page);
    if (auto known = find(level, digest)) return *known;
    substitute.page = encode(page);
    return make(digest, std::move(substitute));
}

AssembledSubtree PageAssembly::make(const Digest& digest, SubstitutePage page) {
    const int level = page.level;
    auto made = std::make_shared<const SubstitutePage>(std::move(page));
    if (!is_zero(digest.view())) made_[static_cast<std::size_t>(level)].emplace(digest, made);
    return {{MapKind::present, digest, {}}, std::move(made)};
}

std::optional<AssembledSubtree> PageAssembly::find(int level, const Digest& digest) const {
    if (is_zero(digest.view())) return std::nullopt;
    if (auto page = made(level, digest)) return AssembledSubtree{{MapKind::present, digest, {}}, std::move(page)};
    if (const auto page = find_page_(level, digest)) return AssembledSubtree{{MapKind::present, digest, *page}};
    return std::nullopt;
}

std::shared_ptr<const SubstitutePage> PageAssembly::made(int level, const Digest& digest) const {
    const MadePages& pages = made_[static_cast<std::size_t>(level)];
    const auto found = pages.find(digest);
    return found == pages.end() ? nullptr : found->second;
}

/// A sound slot if there is one, else any that counts.
std::optional<ChunkAddress> PageAssembly::place_of(const ChunkId& id) const {
    const KnownDamage* damage = repository_.known_damage;
    std::optional<ChunkAddress> unsound;
    const auto sound = repository_.catalog.find_chunk(id, [&](const ChunkAddress& place) {
        const auto pack = repository_.catalog.pack(place.pack);
        if (!pack || pack->state != PackState::committed) return false;
        if ((damage == nullptr || !damage->contains(place)) && is_whole(place.pack)) return true;
        if (!unsound) unsound = place;
        return false;
    });
    return sound ? sound : unsound;
}

bool PageAssembly::is_whole(const PackId& pack) const {
    if (const auto known = whole_packs_.find(pack); known != whole_packs_.end()) return known->second;
    const bool is_there = repository_.chunks.pack_size(pack) == repository_.catalog.pack(pack)->facts.size;
    return whole_packs_.emplace(pack, is_there).first->second;
}

}  // namespace varve
