#include "engine/repository/known_chunks.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

/// Slot tables are asked for once per run of addresses in one pack.
class SlotLookup {
public:
    explicit SlotLookup(const SlotDirectory& directory) : directory_(directory) {}

    const Slot& operator()(const ChunkAddress& address) {
        const std::optional<ChunkAddress> now = directory_.current(address);
        if (!now)
            throw Error(ErrorCode::corrupt,
                        fmt::format("the chunk at slot {} of pack {} is gone: a move entry gave its pack up without "
                                    "naming it; run 'varve verify'",
                                    address.slot, address.pack.hex()));
        if (!table_ || pack_ != now->pack) {
            table_ = directory_.slots(now->pack);
            pack_ = now->pack;
        }
        if (now->slot >= table_->slots.size())
            throw Error(ErrorCode::corrupt, fmt::format("slot {} of pack {}: the pack has {} slots; run 'varve verify'",
                                                        now->slot, now->pack.hex(), table_->slots.size()));
        return table_->slots[now->slot];
    }

private:
    const SlotDirectory& directory_;
    PackId pack_;
    std::shared_ptr<const SlotTable> table_;
};

}  // namespace

Slot slot_of(const SlotDirectory& directory, const ChunkAddress& address) { return SlotLookup(directory)(address); }

KnownLeaf describe_leaf(const DiskMap& map, const SlotDirectory& directory, const Subtree& subtree) {
    KnownLeaf known;
    if (subtree.kind != MapKind::present) {
        known.page.entries.fill({subtree.kind, {}});
        return known;
    }
    known.page = *map.leaf(subtree);
    SlotLookup lookup(directory);
    for (std::size_t i = 0; i < map_fanout; ++i) {
        const LeafEntry& entry = known.page.entries[i];
        if (entry.kind != MapKind::present) continue;
        const Slot& slot = lookup(entry.address);
        known.ids[i] = slot.id;
        known.fingerprints[i] = slot.fingerprint;
    }
    return known;
}

}  // namespace varve
