#include "engine/jobs/pack_usage.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

bool PackUsage::add(const ChunkAddress& address) {
    const std::optional<ChunkAddress> now = directory_.current(address);
    if (!now)
        throw Error(ErrorCode::corrupt,
                    fmt::format("slot {} of pack {} is gone: a move entry gave its pack up without naming it",
                                address.slot, address.pack.hex()));
    std::vector<bool>& used = slots_[now->pack];
    if (now->slot < used.size() && used[now->slot]) return false;
    const auto table = directory_.slots(now->pack);
    if (now->slot >= table->slots.size())
        throw Error(ErrorCode::corrupt, fmt::format("slot {} of pack {}: the pack has {} slots", now->slot,
                                                    now->pack.hex(), table->slots.size()));
    if (used.empty()) used.resize(table->slots.size());
    used[now->slot] = true;
    if (table->slots[now->slot].kind == SlotKind::patch) add(table->base_of(now->slot));
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
