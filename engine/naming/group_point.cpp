#include "engine/naming/group_point.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/naming/history.h"

namespace varve {
namespace {

constexpr PointWords group_words{"group", "point", "VM"};

TimeNs time_of(const GroupPoint& point) {
    TimeNs latest = point.members.front().record.time;
    for (const ListedSnapshot& member : point.members) latest = std::max(latest, member.record.time);
    return latest;
}

bool is_active(const GroupPoint& point) {
    return std::ranges::any_of(point.members, [](const ListedSnapshot& s) { return is_active_state(s.record); });
}

/// As the log committed them, but the last one of active states at the end, as in_history_order() of one disk.
std::vector<GroupPoint> points_of(const Catalog& catalog, const std::string& group) {
    std::map<LogNumber, GroupPoint> by_commit;
    for (ListedSnapshot& snapshot : catalog.snapshots()) {
        if (snapshot.record.group != group) continue;
        GroupPoint& point = by_commit[snapshot.commit];
        point.group = group;
        point.commit = snapshot.commit;
        point.members.push_back(std::move(snapshot));
    }
    std::vector<GroupPoint> points;
    for (auto& [commit, point] : by_commit) {
        std::ranges::sort(point.members, {}, &ListedSnapshot::position);
        points.push_back(std::move(point));
    }
    const auto last = std::find_if(points.rbegin(), points.rend(), is_active);
    if (last != points.rend()) std::rotate(last.base() - 1, last.base(), points.end());
    return points;
}

/// nullopt when it is lost: then the log shows no more than the catalog, and the group is what is left of it.
std::optional<LogEntry> entry_of(const CommitLog& log, LogNumber number) try {
    const auto before = log.head_before(number);
    const auto record = before ? log.next(*before) : std::nullopt;
    return record ? std::optional(record->entry) : std::nullopt;
} catch (const Error& error) {
    if (!is_damaged_or_missing(error)) throw;
    return std::nullopt;
}

}  // namespace

PointName parse_group_point_name(std::string_view text) {
    if (auto point = parse_point_name(text, group_words)) return *std::move(point);
    throw Error(ErrorCode::usage,
                fmt::format("'{}' is not a point of a group; for the newest pass {}@latest", text, text));
}

GroupPoint find_group_point(const Catalog& catalog, std::string_view text) {
    const PointName name = parse_group_point_name(text);
    auto points = points_of(catalog, name.name);
    if (points.empty())
        throw Error(ErrorCode::not_found,
                    fmt::format("the repository has no snapshot of a group '{}'; for a single disk, run "
                                "`varve restore DISK@WHEN` without --group",
                                name.name));
    std::vector<TimeNs> times;
    for (const GroupPoint& point : points) times.push_back(time_of(point));
    return std::move(points[find_point(name, times, group_words)]);
}

std::vector<std::string> forgotten_disks(const CommitLog& log, const GroupPoint& point) {
    const std::optional<LogEntry> entry = entry_of(log, point.commit);
    std::vector<std::string> disks;
    const auto* commit = entry ? std::get_if<CommitEntry>(&entry->body) : nullptr;
    if (commit == nullptr) return disks;
    for (const SnapshotRecord& made : commit->snapshots) {
        const auto is_made = [&](const ListedSnapshot& member) { return member.record.id == made.id; };
        if (made.group == point.group && std::ranges::none_of(point.members, is_made)) disks.push_back(made.disk);
    }
    return disks;
}

}  // namespace varve
