#pragma once
/// One point in time of a group (a machine): the snapshots of its disks that one log entry committed. It is named like
/// a snapshot, by the group: `VM@latest`, `VM@~N`, `VM@WHEN` (engine/naming/point_name.h).

#include <string>
#include <string_view>
#include <vector>

#include "engine/naming/point_name.h"
#include "engine/repository/catalog.h"
#include "engine/repository/commit_log.h"

namespace varve {

struct GroupPoint {
    std::string group;
    LogNumber commit = 0;                 ///< the entry that made it
    std::vector<ListedSnapshot> members;  ///< those not forgotten, at least one; in the entry's order
};

/// Throws Error(usage) for anything but a point of a group; for a bare name the text suggests VM@latest.
PointName parse_group_point_name(std::string_view text);

/// The point that `text` names, counting those with at least one disk left. Throws Error(not_found)
/// when there is none, and what parse_group_point_name() throws.
GroupPoint find_group_point(const Catalog& catalog, std::string_view text);

/// The disks that were committed with the point and forgotten since, in the entry's order, according to the log. None
/// when its entry is lost.
std::vector<std::string> forgotten_disks(const CommitLog& log, const GroupPoint& point);

}  // namespace varve
