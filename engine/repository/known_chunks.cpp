#include "engine/repository/known_chunks.h"

#include "engine/base/error.h"
#include "engine/repository/slot_in_force.h"
#include "engine/repository/soundness.h"

namespace varve {
namespace {

/// The leaf, with what `describe` enters for each present chunk.
template <typename Describe>
KnownLeaf leaf_with(const DiskMap& map, const Subtree& subtree, const Describe& describe) {
    KnownLeaf known;
    if (subtree.kind != MapKind::present) {
        known.page.entries.fill({subtree.kind, {}});
        return known;
    }
    known.page = *map.leaf(subtree);
    for (std::size_t i = 0; i < map_fanout; ++i)
        if (known.page.entries[i].kind == MapKind::present) describe(known, i);
    return known;
}

void enter_slot(KnownLeaf& known, std::size_t i, SlotsInForce& slots) {
    const SlotInForce found = slots.get(known.page.entries[i].address);
    known.ids[i] = found.slot().id;
    known.fingerprints[i] = found.slot().fingerprint;
}

}  // namespace

KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree) {
    SlotsInForce slots(directory);
    return leaf_with(map, subtree, [&](KnownLeaf& known, std::size_t i) { enter_slot(known, i, slots); });
}

KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree,
                        Soundness& soundness) {
    SlotsInForce slots(directory);
    return leaf_with(map, subtree, [&](KnownLeaf& known, std::size_t i) {
        known.unsound[i] = soundness.culprit(known.page.entries[i].address).has_value();
        try {
            enter_slot(known, i, slots);
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error) || !known.unsound[i]) throw;
        }
    });
}

}  // namespace varve
