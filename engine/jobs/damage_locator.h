#pragma once
/// Finds out which guest bytes of which snapshots the damage affects. Used only when there is damage. One thread.

#include <vector>

#include "engine/jobs/pack_check_run.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/slot_in_force.h"

namespace varve {

class DamageLocator {
public:
    /// Borrows all.
    DamageLocator(const Repository& repository, const Damage& damage, std::vector<Finding>& findings)
        : repository_(repository), damage_(damage), findings_(findings), slots_(repository.catalog) {}

    void run(const SnapshotRecord& snapshot);

private:
    void look_at(const DiskMap& map, const SnapshotRecord& snapshot, const LeafSpan& span);
    /// Of the slot itself, or of the base that it patches; null: none.
    const std::string* damage_of(const SlotInForce& slot) const;

    const Repository& repository_;
    const Damage& damage_;
    std::vector<Finding>& findings_;
    SlotsInForce slots_;
};

}  // namespace varve
