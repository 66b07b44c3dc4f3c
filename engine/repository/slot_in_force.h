#pragma once
/// Resolves an address, which never changes, to the slot that holds its content today, after moves. The only place that
/// knows what "gone" means and that a patch also needs its base. Remembers the last slot table, so that a run of
/// addresses in one pack looks it up once. One thread.

#include <memory>
#include <optional>

#include "engine/repository/slot_directory.h"

namespace varve {

/// The slot that an address means today.
struct SlotInForce {
    ChunkAddress address;                    ///< where the content is now
    std::shared_ptr<const SlotTable> table;  ///< of address.pack; never null

    const Slot& slot() const { return table->slots[address.slot]; }
    bool is_patch() const { return slot().kind == SlotKind::patch; }
};

class SlotsInForce {
public:
    /// Borrows `directory`.
    explicit SlotsInForce(const SlotDirectory& directory) : directory_(directory) {}

    /// nullopt: a move entry condemned the pack without naming the slot, or the pack has no such slot.
    std::optional<SlotInForce> find(const ChunkAddress& address);

    /// Like find(), but throws Error(corrupt) that states which of the two it is.
    SlotInForce get(const ChunkAddress& address);

    /// Where the base of a patch is today; nullopt when it is gone, which makes the patch useless.
    std::optional<ChunkAddress> base_of(const SlotInForce& patch) const;

private:
    const std::shared_ptr<const SlotTable>& table_of(const PackId& pack);

    const SlotDirectory& directory_;
    PackId pack_;
    std::shared_ptr<const SlotTable> table_;
};

}  // namespace varve
