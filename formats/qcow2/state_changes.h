#pragma once
/// What may differ between two states of one qcow2 file (two internal snapshots, or one and the active state), from its
/// tables alone. Two states whose entries for a cluster are equal share the cluster, or both leave it to the same
/// backing file: the same bytes. Nothing is rewritten in place while two states share it.
///
/// Sound only while the file does not change, and for no other file. Tables are compared when asked for: equal L1
/// entries (512 MiB each, with clusters of 64 KiB) without a look at the L2 table. Where a table is damaged everything
/// may differ; whoever reads the disk there learns about the damage.

#include <memory>

#include "engine/change/change_map.h"
#include "formats/base/byte_source.h"
#include "formats/base/source_bound.h"
#include "formats/qcow2/disk_state.h"
#include "formats/qcow2/table_pages.h"
#include "formats/qcow2/tables.h"

namespace varve::qcow2 {

class StateChanges final : public ChangeMap {
public:
    StateChanges(ByteSourcePtr source, const Geometry& geometry, const DiskState& before, const DiskState& now,
                 const std::shared_ptr<ReadCaches>& caches);

    /// Exact to a cluster. Where the sizes differ, everything may differ from the cluster on that holds the smaller
    /// end.
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
    /// Entries of an L2 table; without a table all of them are 0.
    struct L2Entries {
        std::optional<TableEntries> entries;
        RawL2Entry at(std::size_t entry) const { return entries ? entries->l2(entry) : RawL2Entry{}; }
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
    std::uint64_t comparable_clusters_;  // those before the first that only one state has in full
};

/// The changes of the state `now` since the state `before` of the qcow2 image `file`, both as in choose_state; nothing
/// where its tables do not tell. Errors as Reader's.
std::unique_ptr<ChangeMap> changes_between_states(ByteSourcePtr source, const std::optional<std::string>& before,
                                                  const std::optional<std::string>& now);

}  // namespace varve::qcow2
