#pragma once
/// Resolves an address, which never changes, to the slot that holds its content today, after moves. The only place that
/// knows what "gone" means and that a patch also needs its base. Remembers the last slot tables, so that addresses in
/// few packs look each up once. One thread.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

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

    /// get() of each, in the same order; the directory is asked once where they are.
    std::vector<SlotInForce> get(std::span<const ChunkAddress> addresses);

    /// Where the base of a patch is today; nullopt when it is gone, which makes the patch useless.
    std::optional<ChunkAddress> base_of(const SlotInForce& patch) const;

private:
    struct KnownTable {
        PackId pack;
        std::shared_ptr<const SlotTable> table;
    };

    const std::shared_ptr<const SlotTable>& table_of(const PackId& pack);
    SlotInForce slot_at(const std::optional<ChunkAddress>& now, const ChunkAddress& address);

    const SlotDirectory& directory_;
    std::array<KnownTable, 8> tables_;  ///< a leaf of the map mostly leads to its first backup and a few later ones
    std::size_t oldest_ = 0;            ///< of tables_
};

}  // namespace varve
