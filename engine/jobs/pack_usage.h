#pragma once
/// Which slots of which packs a set of snapshots uses, one bit per slot: what verify reads. Memory: 1 bit per chunk.
/// One thread.

#include <functional>
#include <map>
#include <unordered_set>
#include <vector>

#include "engine/repository/slot_in_force.h"

namespace varve {

class PackUsage {
public:
    explicit PackUsage(const SlotDirectory& directory) : in_force_(directory) {}

    /// Marks the slot that `address` means today, and its base if it is a patch. Returns false if it was marked before.
    /// Throws Error(corrupt) for an address whose content is gone.
    bool add(const ChunkAddress& address) { return add(in_force_.get(address)); }
    /// The same for a slot that was looked up before.
    bool add(const SlotInForce& slot);

    bool contains(const ChunkAddress& current) const;
    /// The packs in use, ascending by id.
    std::vector<PackId> packs() const;

private:
    SlotsInForce in_force_;
    std::map<PackId, std::vector<bool>> slots_;
};

}  // namespace varve
