#include "engine/repository/slot_in_force.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

const std::shared_ptr<const SlotTable>& SlotsInForce::table_of(const PackId& pack) {
    for (const KnownTable& known : tables_)
        if (known.table && known.pack == pack) return known.table;
    KnownTable& replaced = tables_[oldest_];
    replaced = {pack, directory_.slots(pack)};
    oldest_ = (oldest_ + 1) % tables_.size();
    return replaced.table;
}

std::optional<SlotInForce> SlotsInForce::find(const ChunkAddress& address) {
    const std::optional<ChunkAddress> now = directory_.current(address);
    if (!now) return std::nullopt;
    const auto& table = table_of(now->pack);
    if (now->slot >= table->slots.size()) return std::nullopt;
    return SlotInForce{*now, table};
}

SlotInForce SlotsInForce::get(const ChunkAddress& address) { return slot_at(directory_.current(address), address); }

std::vector<SlotInForce> SlotsInForce::get(std::span<const ChunkAddress> addresses) {
    const std::vector<std::optional<ChunkAddress>> now = directory_.all_current(addresses);
    std::vector<SlotInForce> slots;
    slots.reserve(addresses.size());
    for (std::size_t i = 0; i < addresses.size(); ++i) slots.push_back(slot_at(now[i], addresses[i]));
    return slots;
}

/// The slot at `now`, where `address` leads today.
SlotInForce SlotsInForce::slot_at(const std::optional<ChunkAddress>& now, const ChunkAddress& address) {
    if (!now)
        throw Error(ErrorCode::corrupt,
                    fmt::format("slot {} of pack {} is gone: a move entry condemned the pack without naming the slot; "
                                "run 'varve verify'",
                                address.slot, address.pack.hex()));
    const auto& table = table_of(now->pack);
    if (now->slot >= table->slots.size())
        throw Error(ErrorCode::corrupt, fmt::format("slot {} of pack {}: the pack has {} slots; run 'varve verify'",
                                                    now->slot, now->pack.hex(), table->slots.size()));
    return {*now, table};
}

std::optional<ChunkAddress> SlotsInForce::base_of(const SlotInForce& patch) const {
    return directory_.current(patch.table->base_of(patch.address.slot));
}

}  // namespace varve
