#include "engine/repository/known_chunks.h"

#include "engine/repository/slot_in_force.h"

namespace varve {

KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree) {
    KnownLeaf known;
    if (subtree.kind != MapKind::present) {
        known.page.entries.fill({subtree.kind, {}});
        return known;
    }
    known.page = *map.leaf(subtree);
    SlotsInForce slots(directory);
    for (std::size_t i = 0; i < map_fanout; ++i) {
        const LeafEntry& entry = known.page.entries[i];
        if (entry.kind != MapKind::present) continue;
        const SlotInForce found = slots.get(entry.address);
        known.ids[i] = found.slot().id;
        known.fingerprints[i] = found.slot().fingerprint;
    }
    return known;
}

}  // namespace varve
