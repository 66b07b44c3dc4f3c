#pragma once
/// Snapshots as text for people and as JSON: for `list`, `show` and `backup`.

#include <map>
#include <string>
#include <vector>

#include "cli/terminal/json.h"
#include "engine/repository/catalog.h"
#include "engine/repository/log_entry.h"

namespace varve {

/// "web01/vda of 2026-11-20T03:30:15+01:00 (3f2a9c01)", escaped.
std::string title_of(const SnapshotRecord& snapshot);

/// "2026-11-20 03:30:15" in local time, which can be typed again.
std::string short_time(TimeNs time);

enum class ListDetail { short_ids, everything };

/// A row of `list`.
struct ListRow {
    ListedSnapshot snapshot;
    bool is_ahead = false;  ///< which_are_ahead() of engine/naming/history.h: its time is marked
};

/// A table of at most 80 columns with short ids and times; with `everything` as wide as it gets.
std::string list_text(const std::vector<ListRow>& rows, ListDetail detail);
Json list_json(const std::vector<ListRow>& rows);

std::string show_text(const ListedSnapshot& snapshot);
Json show_json(const ListedSnapshot& snapshot);

/// One element of what `list` and `tag` report.
Json snapshot_json(const SnapshotRecord& snapshot);

/// One element of what `backup` reports.
Json backed_up_json(const SnapshotRecord& snapshot);

/// "a=1 b=2", escaped: tags or image options.
std::string pairs_text(const std::map<std::string, std::string>& pairs);

}  // namespace varve
