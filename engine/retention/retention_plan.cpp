#include "engine/retention/retention_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/naming/disk_pattern.h"
#include "engine/naming/history.h"
#include "engine/naming/nearest_word.h"

namespace varve {
namespace {

bool is_of_group(const ListedSnapshot& snapshot, const std::vector<std::string>& groups) {
    return !snapshot.record.group.empty() && std::ranges::find(groups, snapshot.record.group) != groups.end();
}

bool is_in_scope(const ListedSnapshot& snapshot, const RetentionScope& scope) {
    if (!scope.groups.empty()) return is_of_group(snapshot, scope.groups);
    return is_selected(scope.disks, snapshot.record.disk);
}

std::string advice_on_groups(std::span<const ListedSnapshot> snapshots, const std::string& group) {
    std::set<std::string> names;
    for (const ListedSnapshot& s : snapshots)
        if (!s.record.group.empty()) names.insert(s.record.group);
    if (names.empty()) return "none of its snapshots was taken in a group";
    const std::vector<std::string> known(names.begin(), names.end());
    if (const auto nearest = nearest_word(group, known)) return fmt::format("did you mean '{}'?", *nearest);
    return "`varve list` shows the groups that exist";
}

/// The snapshots that no rule drops. `snapshots` are in the catalog's order, so the newest of a disk by time is its
/// last.
std::set<SnapshotId> newest_of_each_disk(std::span<const ListedSnapshot> snapshots) {
    std::set<SnapshotId> newest;
    for (auto begin = snapshots.begin(); begin != snapshots.end();) {
        const auto end = std::find_if(begin, snapshots.end(),
                                      [&](const ListedSnapshot& s) { return s.record.disk != begin->record.disk; });
        newest.insert(latest_of({begin, end}).record.id);
        newest.insert((end - 1)->record.id);
        begin = end;
    }
    return newest;
}

/// A group's point in time.
using PointKey = std::pair<std::string, LogNumber>;

PointKey key_of(const ListedSnapshot& snapshot) { return {snapshot.record.group, snapshot.commit}; }

/// What has a history of its own: a disk or a group.
const std::string& owner_of(const RetentionUnit& unit, const RetentionScope& scope) {
    const SnapshotRecord& record = unit.members.front().record;
    return scope.groups.empty() ? record.disk : record.group;
}

std::vector<RetentionUnit> units_of(std::vector<ListedSnapshot> snapshots, const RetentionScope& scope) {
    std::vector<RetentionUnit> units;
    if (scope.groups.empty()) {
        for (ListedSnapshot& s : snapshots) units.push_back({{std::move(s)}, {}});
        return units;
    }
    std::map<PointKey, RetentionUnit> points;
    for (ListedSnapshot& s : snapshots) points[key_of(s)].members.push_back(std::move(s));
    for (auto& [key, point] : points) {
        std::ranges::sort(point.members, {}, &ListedSnapshot::position);
        units.push_back(std::move(point));
    }
    return units;
}

void apply_to_each(std::vector<RetentionUnit>& units, const RetentionScope& scope, const RetentionRules& rules,
                   TimeNs now) {
    for (auto begin = units.begin(); begin != units.end();) {
        const std::string& owner = owner_of(*begin, scope);
        const auto end =
            std::find_if(begin, units.end(), [&](const RetentionUnit& unit) { return owner_of(unit, scope) != owner; });
        apply_rules({begin, end}, rules, now);
        begin = end;
    }
}

void keep(std::vector<RetentionUnit>& units, const std::set<SnapshotId>& newest) {
    for (RetentionUnit& unit : units)
        if (std::ranges::any_of(unit.members, [&](const ListedSnapshot& s) { return newest.contains(s.record.id); }))
            unit.kept_by.insert(KeepReason::newest);
}

/// The number of members of each point of a group.
std::map<PointKey, std::size_t> point_sizes(std::span<const ListedSnapshot> snapshots) {
    std::map<PointKey, std::size_t> sizes;
    for (const ListedSnapshot& s : snapshots)
        if (!s.record.group.empty()) ++sizes[key_of(s)];
    return sizes;
}

/// By group, how many of the points, whose sizes are given, lose some of their members and keep others.
std::map<std::string, std::uint64_t> count_split(const std::map<PointKey, std::size_t>& sizes,
                                                 std::span<const RetentionUnit> units) {
    std::map<PointKey, std::size_t> leaving;
    for (const RetentionUnit& unit : units)
        for (const ListedSnapshot& s : unit.members)
            if (unit.kept_by.empty() && !s.record.group.empty()) ++leaving[key_of(s)];
    std::map<std::string, std::uint64_t> split;
    for (const auto& [key, count] : leaving)
        if (count != sizes.at(key)) ++split[key.first];
    return split;
}

}  // namespace

std::vector<SnapshotId> RetentionPlan::leaving() const {
    std::vector<SnapshotId> ids;
    for (const RetentionUnit& unit : units)
        if (unit.kept_by.empty())
            for (const ListedSnapshot& member : unit.members) ids.push_back(member.record.id);
    return ids;
}

void check_scope(std::span<const ListedSnapshot> snapshots, const RetentionScope& scope) {
    check_disk_patterns(snapshots, scope.disks);
    for (const std::string& group : scope.groups)
        if (std::ranges::none_of(snapshots, [&](const ListedSnapshot& s) { return is_of_group(s, {group}); }))
            throw Error(ErrorCode::not_found, fmt::format("the repository has no snapshot of a group '{}'; {}", group,
                                                          advice_on_groups(snapshots, group)));
}

RetentionPlan plan_retention(std::vector<ListedSnapshot> snapshots, const RetentionScope& scope,
                             const RetentionRules& rules, TimeNs now) {
    VARVE_CHECK(!rules.is_empty());
    VARVE_CHECK(scope.disks.empty() || scope.groups.empty());
    const std::set<SnapshotId> newest = newest_of_each_disk(snapshots);
    const std::map<PointKey, std::size_t> sizes = point_sizes(snapshots);
    std::erase_if(snapshots, [&](const ListedSnapshot& s) { return !is_in_scope(s, scope); });

    RetentionPlan plan;
    plan.units = units_of(std::move(snapshots), scope);
    std::ranges::sort(plan.units, [&](const RetentionUnit& a, const RetentionUnit& b) {
        const std::string& of_a = owner_of(a, scope);
        const std::string& of_b = owner_of(b, scope);
        return of_a != of_b ? of_a < of_b : is_before(a, b);
    });
    apply_to_each(plan.units, scope, rules, now);
    keep(plan.units, newest);
    plan.split_points = count_split(sizes, plan.units);
    return plan;
}

}  // namespace varve
