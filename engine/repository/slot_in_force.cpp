#include "engine/repository/slot_in_force.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

const std::shared_ptr<const SlotTable>& SlotsInForce::table_of(const PackId& pack) {
    if (!table_ || pack_ != pack) {
        table_ = directory_.slots(pack);
        pack_ = pack;
    }
    return table_;
}

std::optional<SlotInForce> SlotsInForce::find(const ChunkAddress& address) {
    const std::optional<ChunkAddress> now = directory_.current(address);
    if (!now) return std::nullopt;
    const auto& table = table_of(now->pack);
    if (now->slot >= table->slots.size()) return std::nullopt;
    return SlotInForce{*now, table};
}

SlotInForce SlotsInForce::get(const ChunkAddress& address) {
    const std::optional<ChunkAddress> now = directory_.current(address);
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
