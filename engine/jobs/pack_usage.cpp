#include "engine/jobs/pack_usage.h"

namespace varve {

bool PackUsage::add(const ChunkAddress& address) {
    const SlotInForce found = in_force_.get(address);
    std::vector<bool>& used = slots_[found.address.pack];
    if (used.empty()) used.resize(found.table->slots.size());
    if (used[found.address.slot]) return false;
    used[found.address.slot] = true;
    if (found.is_patch()) add(found.table->base_of(found.address.slot));
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
