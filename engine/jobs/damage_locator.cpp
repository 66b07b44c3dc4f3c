#include "engine/jobs/damage_locator.h"

namespace varve {

void DamageLocator::run(const SnapshotRecord& snapshot) {
    const auto report = [&](const DamagedPart& part) {
        if (part.page) return;  // the map check has reported it
        const std::uint64_t begin = part.range.begin.value;
        findings_.push_back(finding_at(snapshot, FindingKind::chunk_damaged, begin, begin + part.range.length.value,
                                       slot_name(part.culprit), *damage_.find(part.culprit)));
    };
    if (!search_.run(snapshot, report, places_left(findings_)))
        findings_.push_back(more_places(snapshot, FindingKind::chunk_damaged));
}

std::optional<ChunkAddress> DamageLocator::culprit(const ChunkAddress& address) {
    const std::optional<SlotInForce> slot = slots_.find(address);
    if (!slot) return std::nullopt;
    if (damage_.find(slot->address) != nullptr) return slot->address;
    if (!slot->is_patch()) return std::nullopt;
    const std::optional<ChunkAddress> base = slots_.base_of(*slot);
    return base && damage_.find(*base) != nullptr ? base : std::nullopt;
}

}  // namespace varve
