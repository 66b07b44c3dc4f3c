#pragma once
/// Which slots of which packs a set of snapshots uses, one bit a slot: what verify reads, and later what prune keeps.
/// Memory: 1 bit a chunk and 40 bytes a map page. One thread.

#include <functional>
#include <map>
#include <unordered_set>
#include <vector>

#include "engine/repository/disk_map.h"
#include "engine/repository/slot_directory.h"

namespace varve {

class PackUsage {
public:
    explicit PackUsage(const SlotDirectory& directory) : directory_(directory) {}

    /// Notes the slot that `address` means today, and the base if it is a patch. False when it was noted before.
    bool add(const ChunkAddress& address);

    bool contains(const ChunkAddress& current) const;
    /// The packs in use, ascending by id.
    std::vector<PackId> packs() const;

private:
    const SlotDirectory& directory_;
    std::map<PackId, std::vector<bool>> slots_;
};

}  // namespace varve
