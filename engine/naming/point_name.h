#pragma once
/// Names of points in the history of a disk or a group: `NAME@latest`, `NAME@~N` (N before the latest, in the order of
/// the log: history.h) or `NAME@WHEN` (the newest not after it, by its own time). The last '@' separates name and
/// point. Pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "engine/repository/log_entry.h"

namespace varve {

/// `@~N`; `@latest` is 0 steps back.
struct PointByAge {
    std::uint64_t steps_back = 0;
    friend bool operator==(const PointByAge&, const PointByAge&) = default;
};

/// `@WHEN`. A point's time is rounded to the second that is displayed.
struct PointByTime {
    TimeNs not_after = 0;
    friend bool operator==(const PointByTime&, const PointByTime&) = default;
};

struct PointName {
    std::string name;  ///< the part before the last '@'
    std::variant<PointByAge, PointByTime> which;
    friend bool operator==(const PointName&, const PointName&) = default;
};

/// The terms for error texts: what has points, what a point is, and the placeholder for its name.
struct PointWords {
    std::string_view owner;        ///< "disk", "group"
    std::string_view point;        ///< "snapshot"
    std::string_view placeholder;  ///< "DISK"
};

/// nullopt for a text without '@'. Throws Error(usage) when the name before it breaks the rules for disk names, or what
/// follows is none of the three.
std::optional<PointName> parse_point_name(std::string_view text, const PointWords& words);

/// The index in `times`, those of a history (not empty), that the name means. Throws Error(not_found) that states what
/// exists.
std::size_t find_point(const PointName& name, std::span<const TimeNs> times, const PointWords& words);

}  // namespace varve
