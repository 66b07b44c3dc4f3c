#pragma once
/// Finds what may differ between two states of one qcow2 file (two internal snapshots, or one and the active state)
/// from its tables alone. Two states with equal entries for a cluster share the cluster, or both leave it to the same
/// backing file: the bytes are the same. A cluster is never rewritten in place while two states share it.
///
/// Valid only for this file and while it does not change. Tables are compared on demand; where L1 entries are equal
/// (512 MiB each, with clusters of 64 KiB) the L2 tables are not read. Where a table is damaged everything may differ;
/// reading the disk there reports the damage.

#include <memory>

#include "engine/change/change_map.h"
#include "formats/base/byte_source.h"
#include "formats/base/source_bound.h"
#include "formats/base/table_pages.h"
#include "formats/qcow2/disk_state.h"
#include "formats/qcow2/tables.h"

namespace varve::qcow2 {

class StateChanges final : public ChangeMap {
public:
    StateChanges(ByteSourcePtr source, const Geometry& geometry, const DiskState& before, const DiskState& now,
                 const std::shared_ptr<ReadCaches>& caches);

    /// Exact to a cluster. If the sizes differ, everything may differ from the cluster on that holds the end of the
    /// smaller disk.
    ChangeRun change_at(ByteOffset at) const override;

private:
    struct State {
        TablePlace l1;
        TablePages pages;
    };
    struct Run {
        bool is_same = false;
        std::uint64_t clusters = 0;
    };
    /// Entries of an L2 table, all 0 without a table.
    struct L2Entries {
        std::optional<TableEntries> entries;
        RawL2Entry at(std::size_t entry) const { return entries ? load_l2((*entries)[entry]) : RawL2Entry{}; }
    };

    Run run_at(std::uint64_t cluster) const;
    Run l2_run(std::uint64_t l1_before, std::uint64_t l1_now, std::uint64_t first) const;
    std::optional<L2Entries> l2_entries(std::uint64_t l1_entry, std::uint64_t first) const;

    ByteSourcePtr source_;
    SourceBound bound_;
    Geometry geometry_;
    State before_;
    State now_;
    TablePages l2_pages_;
    ByteOffset end_;
    std::uint64_t comparable_clusters_;  // those before the first cluster that is not whole in both states
};

/// The changes of the state `now` since the state `before` of the qcow2 image in `source`, both as in choose_state;
/// null when its tables do not show them. Errors as for Reader.
std::unique_ptr<ChangeMap> changes_between_states(ByteSourcePtr source, const std::optional<std::string>& before,
                                                  const std::optional<std::string>& now);

}  // namespace varve::qcow2
