#pragma once
/// Which snapshots of a repository stay under given rules, and why. A plan is a value: nothing is forgotten by making
/// one. Pure functions but for TZ.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/repository/catalog.h"
#include "engine/retention/retention_rules.h"

namespace varve {

/// What rules apply to. Without groups they apply to each disk by itself, whether or not its snapshots were taken in a
/// group. With groups they apply to each group's points in time, whose disks stay or go together, and to no snapshot
/// that was taken outside of them. At most one of the members is given.
struct RetentionScope {
    std::vector<std::string> disks;   ///< disks, machines and globs (engine/naming/disk_pattern.h); empty: every disk
    std::vector<std::string> groups;  ///< names of groups
};

struct RetentionPlan {
    /// All that is in the scope: by disk or group, then in the order of is_before().
    std::vector<RetentionUnit> units;
    /// Groups of which some points keep some of their disks and lose others, with the number of such points.
    std::map<std::string, std::uint64_t> split_points;

    std::vector<SnapshotId> leaving() const;
};

/// Throws Error(not_found) when a pattern or a group of the scope matches none of `snapshots`, which are all that the
/// repository has.
void check_scope(std::span<const ListedSnapshot> snapshots, const RetentionScope& scope);

/// Applies `rules`, which are not empty, to what of `snapshots` (Catalog::snapshots(): all, in that order) is in the
/// scope. Beside what the rules mark, each disk's newest snapshot stays: the one that DISK@latest names, and the one
/// with the newest time.
RetentionPlan plan_retention(std::vector<ListedSnapshot> snapshots, const RetentionScope& scope,
                             const RetentionRules& rules, TimeNs now);

}  // namespace varve
