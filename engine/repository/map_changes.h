#pragma once
/// What differs between two snapshots' maps, as a change map: looked up where someone asks, so that it costs a few
/// pages and no memory, and equal subtrees are never read. The maps may be those of two repositories. Kinds count:
/// where zero became unallocated, the snapshots differ.

#include <optional>

#include "engine/change/change_map.h"
#include "engine/repository/disk_map.h"

namespace varve {

/// What shows that two maps hold the same.
enum class MapComparison {
    by_address,  ///< maps of one repository: equal addresses
    by_digest,   ///< maps of two repositories: equal digests of leaves, and equal kinds; all inner pages are read
};

class MapChanges final : public ChangeMap {
public:
    MapChanges(DiskMap former, DiskMap now, MapComparison comparison)
        : former_(std::move(former)), now_(std::move(now)), comparison_(comparison) {}

    /// What cannot be read of the former map may differ. Throws Error(corrupt) for the other one.
    ChangeRun change_at(ByteOffset at) const override;

private:
    std::optional<Subtree> former_subtree(int level, std::uint64_t index) const;
    ChangeRun run_in_leaf(ByteOffset at, std::uint64_t leaf, const Subtree& former, const Subtree& now) const;
    ChangeRun run_until(ByteOffset at, std::uint64_t end, bool may_differ) const;

    DiskMap former_;
    DiskMap now_;
    MapComparison comparison_;
};

}  // namespace varve
