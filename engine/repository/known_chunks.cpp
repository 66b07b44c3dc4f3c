#include "engine/repository/known_chunks.h"

#include "engine/base/error.h"
#include "engine/repository/slot_in_force.h"
#include "engine/repository/soundness.h"

namespace varve {
namespace {

/// The leaf, without ids and fingerprints.
KnownLeaf leaf_of(const DiskMap& map, const Subtree& subtree) {
    KnownLeaf known;
    if (subtree.kind == MapKind::present)
        known.page = *map.leaf(subtree);
    else
        known.page.entries.fill({subtree.kind, {}});
    return known;
}

void enter(const Slot& slot, KnownLeaf& known, std::size_t position) {
    known.ids[position] = slot.id;
    known.fingerprints[position] = slot.fingerprint;
}

}  // namespace

KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree) {
    KnownLeaf known = leaf_of(map, subtree);
    const PresentChunks present(known.page);
    const std::vector<SlotInForce> slots = SlotsInForce(directory).get(present.addresses);
    for (std::size_t i = 0; i < slots.size(); ++i) enter(slots[i].slot(), known, present.positions[i]);
    return known;
}

KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree,
                        Soundness& soundness) {
    KnownLeaf known = leaf_of(map, subtree);
    const PresentChunks present(known.page);
    SlotsInForce slots(directory);
    for (std::size_t i = 0; i < present.addresses.size(); ++i) {
        const std::size_t position = present.positions[i];
        known.unsound[position] = soundness.culprit(present.addresses[i]).has_value();
        try {
            enter(slots.get(present.addresses[i]).slot(), known, position);
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error) || !known.unsound[position]) throw;
        }
    }
    return known;
}

}  // namespace varve
