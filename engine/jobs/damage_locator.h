#pragma once
/// Finds out which guest bytes of which snapshots the damage affects. Used only when there is damage. One thread.

#include <vector>

#include "engine/jobs/pack_check_run.h"
#include "engine/repository/damage_search.h"
#include "engine/repository/slot_in_force.h"

namespace varve {

class DamageLocator {
public:
    /// Borrows all.
    DamageLocator(const Repository& repository, const Damage& damage, std::vector<Finding>& findings)
        : damage_(damage),
          findings_(findings),
          slots_(repository.catalog),
          search_(repository.chunks, [this](const ChunkAddress& address) { return culprit(address); }) {}
    DamageLocator(const DamageLocator&) = delete;
    DamageLocator& operator=(const DamageLocator&) = delete;

    void run(const SnapshotRecord& snapshot);

private:
    /// The slot itself, or the base that it patches.
    std::optional<ChunkAddress> culprit(const ChunkAddress& address);

    const Damage& damage_;
    std::vector<Finding>& findings_;
    SlotsInForce slots_;
    DamageSearch search_;
};

}  // namespace varve
