#pragma once
/// How a point in the history of a disk or a group is named: `NAME@latest`, `NAME@~N` (N before the latest) or
/// `NAME@WHEN` (the newest not after it). The text is cut at its last '@'. Pure functions.

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

/// `@WHEN`. A point counts by the second that it is shown with.
struct PointByTime {
    TimeNs not_after = 0;
    friend bool operator==(const PointByTime&, const PointByTime&) = default;
};

struct PointName {
    std::string name;  ///< what stands before the last '@'
    std::variant<PointByAge, PointByTime> which;
    friend bool operator==(const PointName&, const PointName&) = default;
};

/// The words for error texts: what has points, what a point is, and the placeholder for its name.
struct PointWords {
    std::string_view owner;        ///< "disk", "group"
    std::string_view point;        ///< "snapshot"
    std::string_view placeholder;  ///< "DISK"
};

/// nullopt for a text without '@'. Throws Error(usage) when the name before it breaks the rules of disk names or what
/// follows is none of the three.
std::optional<PointName> parse_point_name(std::string_view text, const PointWords& words);

/// Which of `times`, ascending and not empty, is meant. Throws Error(not_found), saying what there is.
std::size_t find_point(const PointName& name, std::span<const TimeNs> times, const PointWords& words);

}  // namespace varve
