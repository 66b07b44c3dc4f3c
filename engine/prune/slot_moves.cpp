#include "engine/prune/slot_moves.h"

#include <iterator>

#include "engine/repository/slot.h"

namespace varve {
namespace {

/// 44 bytes each: a table of 2.9 MB.
constexpr std::size_t runs_per_table_max = 65536;

}  // namespace

void SlotMoves::add(const ChunkAddress& from, const ChunkAddress& to) {
    const auto after = runs_.upper_bound(from);
    if (after != runs_.begin()) {
        const auto before = std::prev(after);
        const ChunkAddress& first = before->first;
        Target& target = before->second;
        if (first.pack == from.pack && from.slot < first.slot + target.count) return;
        const bool continues = first.pack == from.pack && from.slot == first.slot + target.count &&
                               target.to.pack == to.pack && to.slot == target.to.slot + target.count;
        if (continues) {
            ++target.count;
            return;
        }
    }
    runs_.emplace_hint(after, from, Target{1, to});
}

std::optional<ChunkAddress> SlotMoves::find(const ChunkAddress& from) const {
    const auto after = runs_.upper_bound(from);
    if (after == runs_.begin()) return std::nullopt;
    const auto& [first, target] = *std::prev(after);
    if (first.pack != from.pack || from.slot - first.slot >= target.count) return std::nullopt;
    return ChunkAddress{target.to.pack, target.to.slot + (from.slot - first.slot)};
}

void SlotMoves::drop(const PackId& pack) {
    runs_.erase(runs_.lower_bound({pack, 0}), runs_.upper_bound({pack, slots_per_pack_max}));
}

std::vector<MoveTable> SlotMoves::tables() const {
    std::vector<MoveTable> tables;
    for (const auto& [from, target] : runs_) {
        if (tables.empty() || tables.back().runs.size() == runs_per_table_max) tables.emplace_back();
        tables.back().runs.push_back({from, target.count, target.to});
    }
    return tables;
}

}  // namespace varve
