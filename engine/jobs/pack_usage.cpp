#include "engine/jobs/pack_usage.h"

namespace varve {

bool PackUsage::add(const SlotInForce& slot) {
    std::vector<bool>& used = slots_[slot.address.pack];
    if (used.empty()) used.resize(slot.table->slots.size());
    if (used[slot.address.slot]) return false;
    used[slot.address.slot] = true;
    if (slot.is_patch()) add(slot.table->base_of(slot.address.slot));
    return true;
}

bool PackUsage::contains(const ChunkAddress& current) const {
    const auto used = slots_.find(current.pack);
    return used != slots_.end() && current.slot < used->second.size() && used->second[current.slot];
}

std::vector<PackId> PackUsage::packs() const {
    std::vector<PackId> ids;
    for (const auto& [id, used] : slots_) ids.push_back(id);
    return ids;
}

}  // namespace varve
