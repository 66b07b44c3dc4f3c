#include "engine/repository/map_changes.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {
namespace {

LeafPage page_of(const DiskMap& map, const Subtree& leaf) {
    if (leaf.kind == MapKind::present) return *map.leaf(leaf);
    LeafPage page;
    page.entries.fill({leaf.kind, {}});
    return page;
}

}  // namespace

std::optional<Subtree> MapChanges::former_subtree(int level, std::uint64_t index) const {
    try {
        return former_.subtree(level, index);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        return std::nullopt;
    }
}

/// Bytes that the former disk did not have may differ.
ChangeRun MapChanges::run_until(ByteOffset at, std::uint64_t end, bool may_differ) const {
    if (!may_differ) end = std::min(end, former_.size().value);
    return {at, ByteOffset{std::min(end, now_.size().value)} - at, may_differ};
}

ChangeRun MapChanges::run_in_leaf(ByteOffset at, std::uint64_t leaf, const Subtree& former, const Subtree& now) const {
    const LeafPage page = page_of(now_, now);
    std::optional<LeafPage> before;
    try {
        before = page_of(former_, former);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        return run_until(at, (leaf + 1) * leaf_bytes, true);
    }
    const bool is_leaf_equal = counted_digest(former) == counted_digest(now);
    const auto is_same = [&](std::size_t i) {
        const LeafEntry& a = before->entries[i];
        const LeafEntry& b = page.entries[i];
        if (a.kind != b.kind) return false;
        return comparison_ == MapComparison::by_digest ? is_leaf_equal
                                                       : a.kind != MapKind::present || a.address == b.address;
    };
    const std::size_t first = chunk_containing(at).value % map_fanout;
    std::size_t end = first + 1;
    while (end < map_fanout && is_same(end) == is_same(first)) ++end;
    return run_until(at, leaf * leaf_bytes + end * chunk_bytes, !is_same(first));
}

ChangeRun MapChanges::change_at(ByteOffset at) const {
    VARVE_CHECK(at.value < now_.size().value);
    if (at.value >= former_.size().value) return run_until(at, now_.size().value, true);
    const std::uint64_t leaf = at.value / leaf_bytes;
    for (int level = map_root_level;; --level) {
        const std::uint64_t leaves = leaves_per_entry(level + 1);
        const std::uint64_t end = (leaf / leaves + 1) * leaves * leaf_bytes;
        const Subtree now = now_.subtree(level, leaf / leaves);
        const std::optional<Subtree> former = former_subtree(level, leaf / leaves);
        if (!former) return run_until(at, end, true);
        if (*former == now) return run_until(at, end, false);
        if (former->kind != MapKind::present && now.kind != MapKind::present) return run_until(at, end, true);
        if (level == 0) return run_in_leaf(at, leaf, *former, now);
    }
}

}  // namespace varve
