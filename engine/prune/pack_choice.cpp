#include "engine/prune/pack_choice.h"

#include <algorithm>
#include <array>

namespace varve {
namespace {

constexpr std::uint64_t waste_divisor = 4;  ///< rewritten when dead bytes are at least this part
constexpr std::size_t merge_factor = 4;
constexpr std::size_t size_classes = 10;

/// Packs of this size or more are not small: 64 MiB / 50 MiB is 1.28.
ByteCount full_size(const PruneLimits& limits) { return {limits.pack_bytes.value / 32 * 25}; }

/// The class of a small pack: 0 the largest. Each holds sizes that differ by at most merge_factor.
std::size_t class_of(ByteCount size, ByteCount full) {
    std::size_t number = 0;
    for (std::uint64_t bound = full.value / merge_factor; size.value < bound && number + 1 < size_classes;
         bound /= merge_factor)
        ++number;
    return number;
}

bool wastes_much(const MeasuredPack& pack) {
    return pack.dead.value > 0 && pack.dead.value >= (pack.live + pack.dead).value / waste_divisor;
}

bool is_small(const MeasuredPack& pack, ByteCount full) { return pack.facts.size < full && !pack.is_full_of_slots; }

class PackChoice {
public:
    PackChoice(std::vector<MeasuredPack>& packs, const PruneLimits& limits)
        : packs_(packs), limits_(limits), left_(limits.copy_max) {}

    void run() {
        for (MeasuredPack& pack : packs_)
            if (pack.fate == PackFate::kept && pack.live.value == 0) pack.fate = PackFate::dead;
        rewrite();
        for (const PackKind kind : {PackKind::metadata, PackKind::data}) merge(kind);
    }

private:
    bool take_budget(ByteCount live) {
        if (!left_) return true;
        if (live > *left_) return false;
        left_ = *left_ - live;
        return true;
    }

    void rewrite() {
        std::vector<MeasuredPack*> wasteful;
        for (MeasuredPack& pack : packs_)
            if (pack.fate == PackFate::kept && wastes_much(pack)) wasteful.push_back(&pack);
        std::stable_sort(wasteful.begin(), wasteful.end(), [](const MeasuredPack* a, const MeasuredPack* b) {
            // dead / live, without dividing: sizes are at most 1 GiB
            return a->dead.value * b->live.value > b->dead.value * a->live.value;
        });
        for (MeasuredPack* pack : wasteful)
            if (take_budget(pack->live)) pack->fate = PackFate::rewritten;
    }

    /// From the smallest class to the largest: what a class becomes may fill up the next one.
    void merge(PackKind kind) {
        const ByteCount full = full_size(limits_);
        std::array<std::vector<MeasuredPack*>, size_classes> small;
        for (MeasuredPack& pack : packs_) {
            if (pack.fate != PackFate::kept || pack.facts.kind != kind) continue;
            if (is_small(pack, full)) small[class_of(pack.facts.size, full)].push_back(&pack);
        }
        ByteCount merged;
        for (std::size_t number = size_classes; number-- > 0;) {
            const bool is_joined = merged.value > 0 && merged < full && class_of(merged, full) == number;
            if (small[number].size() + (is_joined ? 1 : 0) < merge_factor) continue;
            ByteCount together;
            for (const MeasuredPack* pack : small[number]) together += pack->live;
            if (!take_budget(together)) continue;  // merging fewer would gain nothing
            for (MeasuredPack* pack : small[number]) pack->fate = PackFate::merged;
            merged += together;
        }
    }

    std::vector<MeasuredPack>& packs_;
    const PruneLimits& limits_;
    std::optional<ByteCount> left_;
};

}  // namespace

bool may_be_given_up(const MeasuredPack& pack, const PruneLimits& limits) {
    return pack.live.value == 0 || wastes_much(pack) || is_small(pack, full_size(limits));
}

void choose_packs(std::vector<MeasuredPack>& packs, const PruneLimits& limits) { PackChoice(packs, limits).run(); }

}  // namespace varve
