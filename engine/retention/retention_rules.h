#pragma once
/// The rules that select what stays of a history when the rest is forgotten. They mean what restic's mean: each rule by
/// itself marks the newest of each of the last N periods that have any, and whatever a rule marks stays. Pure functions
/// but for TZ.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "engine/repository/catalog.h"
#include "engine/repository/wanted_tag.h"
#include "engine/retention/calendar_span.h"
#include "engine/retention/keep_reason.h"
#include "engine/retention/period.h"

namespace varve {

/// A snapshot with this tag, whatever its value, is dropped by no rule.
inline constexpr std::string_view hold_tag = "hold";

bool is_held(const SnapshotRecord& snapshot);

/// As the count of a rule: every period.
inline constexpr std::uint64_t keep_all = std::numeric_limits<std::uint64_t>::max();

struct RetentionRules {
    std::uint64_t last = 0;                   ///< of the newest, whatever their times; 0: no such rule
    std::map<Period, std::uint64_t> periods;  ///< how many of each kind; absent or 0: no such rule
    /// What is younger than this before the newest that is not later than now.
    std::optional<CalendarSpan> within;
    std::vector<WantedTag> tags;  ///< what has one of them

    /// Whether no rule is given: such rules must not be applied, because they mark nothing.
    bool is_empty() const;
};

/// What stays or goes as one: a snapshot of a disk, or those of a group's point in time.
struct RetentionUnit {
    std::vector<ListedSnapshot> members;  ///< not empty; of one commit, in its order
    std::set<KeepReason> kept_by;         ///< empty: it goes

    /// That of its newest member: the period that it counts for. An internal snapshot counts for its own time.
    TimeNs time() const;
};

/// By time, then by commit: the order in which rules count.
bool is_before(const RetentionUnit& a, const RetentionUnit& b);

/// Adds to each unit of one history the reasons for which the rules keep it, and KeepReason::hold. `history` is in the
/// order of is_before().
///
/// A rule whose count is not used up keeps the oldest unit as well, so that a young history reaches back as far as it
/// can. A unit whose time is later than `now` counts like any other.
void apply_rules(std::span<RetentionUnit> history, const RetentionRules& rules, TimeNs now);

}  // namespace varve
