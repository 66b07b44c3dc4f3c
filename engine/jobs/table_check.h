#pragma once
/// Checks the tables in metadata packs: that each data pack has a copy of its slot table there, equal to the one that
/// this host uses, and that each move table can be read and leads to slots that exist. What a prune takes away
/// meanwhile is not damage. Memory: the tables of one pack at a time. One thread.

#include <set>
#include <stop_token>

#include "engine/jobs/log_check.h"
#include "engine/jobs/verify_report.h"
#include "engine/repository/repository.h"

namespace varve {

class TableCheck {
public:
    /// Counts the tables in `report`, and adds the damage to its findings. Borrows both.
    TableCheck(const Repository& repository, VerifyReport& report) : repository_(repository), report_(report) {}

    /// The copies in all metadata packs. Throws Error(cancelled).
    void check_slot_table_copies(const std::stop_token& stop);

    void check(const LoggedMoveTable& table);

private:
    struct Copies {
        std::set<PackId> of;  ///< data packs of which there is a copy that agrees
        std::vector<Finding> findings;
        std::uint64_t count = 0;
    };

    /// What another host did meanwhile becomes known.
    void read_log_on() const;
    bool is_condemned(const PackId& id) const;
    Copies read_copies(const std::stop_token& stop) const;
    void compare(const PackId& holder, const PackId& of, const SlotTable& copy, Copies& copies) const;
    void require_slots(const MoveRun& run) const;

    const Repository& repository_;
    VerifyReport& report_;
};

}  // namespace varve
