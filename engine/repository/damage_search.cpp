#include "engine/repository/damage_search.h"

#include <algorithm>

#include "engine/base/error.h"

namespace varve {
namespace {

/// Chunks [first, first + count) of the disk, clipped to its size.
ByteRange guest_range(ByteCount size, std::uint64_t first, std::uint64_t count) {
    const std::uint64_t begin = std::min(first * chunk_bytes, size.value);
    const std::uint64_t end = std::min((first + count) * chunk_bytes, size.value);
    return {{begin}, {end - begin}};
}

}  // namespace

bool DamageSearch::run(const SnapshotRecord& snapshot, const Visit& visit, std::size_t parts_max) {
    const DiskMap map(chunks_, snapshot);
    parts_left_ = parts_max;
    walk(map, map_root_level, 0, map.root(), [&](const DamagedPart& part) {
        --parts_left_;
        visit(part);
    });
    return parts_left_ != 0;
}

bool DamageSearch::walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree,
                        const Visit& visit) {
    if (subtree.kind != MapKind::present || sound_.contains(subtree.page)) return true;
    if (parts_left_ == 0) return false;
    const auto lose_page = [&](const ChunkAddress& culprit) {
        const std::uint64_t leaves = leaves_per_entry(level + 1);
        visit({guest_range(map.size(), first * map_fanout, leaves * map_fanout), culprit, subtree.page});
        return false;
    };
    try {
        if (const auto culprit = culprit_(subtree.page)) return lose_page(*culprit);
        if (!walk_page(map, level, first, subtree, visit)) return false;
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        return lose_page(subtree.page);
    }
    sound_.insert(subtree.page);
    return true;
}

bool DamageSearch::walk_page(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree,
                             const Visit& visit) {
    bool is_sound = true;
    if (level > 0) {
        const auto page = map.inner(level, subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            is_sound &= walk(map, level - 1, first + i * leaves_per_entry(level), page->entries[i], visit);
        return is_sound;
    }
    const auto page = map.leaf(subtree);
    for (std::size_t i = 0; i < map_fanout; ++i) {
        const LeafEntry& entry = page->entries[i];
        if (entry.kind != MapKind::present) continue;
        const auto culprit = culprit_(entry.address);
        if (!culprit) continue;
        if (parts_left_ == 0) return false;
        visit({guest_range(map.size(), first * map_fanout + i, 1), *culprit, std::nullopt});
        is_sound = false;
    }
    return is_sound;
}

}  // namespace varve
