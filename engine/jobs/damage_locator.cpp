#include "engine/jobs/damage_locator.h"

#include "engine/base/error.h"

namespace varve {

void DamageLocator::run(const SnapshotRecord& snapshot) {
    const DiskMap map(repository_.chunks, snapshot);
    try {
        for_each_leaf_span(map, 0, leaf_count(snapshot.size), [&](const LeafSpan& span) {
            if (span.subtree.kind == MapKind::present) look_at(map, snapshot, span);
        });
    } catch (const Error& error) {  // a damaged page, which the map check has reported
        if (!is_damaged_or_missing(error)) throw;
    }
}

void DamageLocator::look_at(const DiskMap& map, const SnapshotRecord& snapshot, const LeafSpan& span) {
    const auto page = map.leaf(span.subtree);
    for (std::size_t i = 0; i < map_fanout; ++i) {
        if (page->entries[i].kind != MapKind::present) continue;
        const auto found = slots_.find(page->entries[i].address);
        const std::string* message = found ? damage_of(*found) : nullptr;
        if (message == nullptr) continue;
        const std::uint64_t begin = (span.first_leaf * map_fanout + i) * chunk_bytes;
        findings_.push_back(finding_at(snapshot, FindingKind::chunk_damaged, begin, begin + chunk_bytes,
                                       slot_name(found->address), *message));
    }
}

const std::string* DamageLocator::damage_of(const SlotInForce& slot) const {
    if (const std::string* message = damage_.find(slot.address)) return message;
    if (!slot.is_patch()) return nullptr;
    const auto base = slots_.base_of(slot);
    return base ? damage_.find(*base) : nullptr;
}

}  // namespace varve
