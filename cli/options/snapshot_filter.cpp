#include "cli/options/snapshot_filter.h"

#include <algorithm>

#include "engine/base/timestamp.h"

namespace varve {

std::vector<OptionSpec> snapshot_filter_specs() {
    return {
        {"group", 0, "NAME", Repeat::once, "only snapshots that were taken in the group of this name"},
        {"tag", 0, "K[=V]", Repeat::many, "only snapshots with this tag; may be repeated, and all must match"},
        {"since", 0, "WHEN", Repeat::once,
         "only snapshots of WHEN or later: 2026-11-20 (the start of that day) or 2026-11-20T02:30[:15], with Z or an "
         "offset, else in local time; or yesterday, 2026-11, 12h, 7d or 2w ago"},
        {"until", 0, "WHEN", Repeat::once, "only snapshots of WHEN (the end of a day or month) or earlier"},
    };
}

bool SnapshotFilter::fits(const SnapshotRecord& snapshot) const {
    if (group && snapshot.group != *group) return false;
    if (since && snapshot.time < *since) return false;
    if (until && snapshot.time >= *until + ns_per_second) return false;
    return std::all_of(tags.begin(), tags.end(), [&](const WantedTag& tag) { return tag.fits(snapshot.tags); });
}

SnapshotFilter snapshot_filter(const Arguments& arguments) {
    SnapshotFilter filter{arguments.value("group"), parse_wanted_tags(arguments.values("tag"), "--tag"), {}, {}};
    if (const auto since = arguments.value("since")) filter.since = parse_time(*since, DayAlone::its_begin);
    if (const auto until = arguments.value("until")) filter.until = parse_time(*until, DayAlone::its_end);
    return filter;
}

}  // namespace varve
