#include "engine/retention/retention_rules.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "engine/base/check.h"

namespace varve {
namespace {

KeepReason reason_of(Period period) {
    switch (period) {
        case Period::hour:
            return KeepReason::hourly;
        case Period::day:
            return KeepReason::daily;
        case Period::week:
            return KeepReason::weekly;
        case Period::month:
            return KeepReason::monthly;
        case Period::year:
            return KeepReason::yearly;
    }
    VARVE_CHECK(false);
    return KeepReason::newest;
}

void keep_last(std::span<RetentionUnit> history, std::uint64_t count) {
    for (auto unit = history.rbegin(); unit != history.rend() && count != 0; ++unit, --count)
        unit->kept_by.insert(KeepReason::last);
}

void keep_periods(std::span<RetentionUnit> history, Period period, std::uint64_t count) {
    std::set<std::int64_t> seen;  // not always falling: clocks are set back
    for (auto unit = history.rbegin(); unit != history.rend() && seen.size() < count; ++unit) {
        if (seen.insert(period_number(period, unit->time())).second)
            unit->kept_by.insert(reason_of(period));
        else if (unit + 1 == history.rend())
            unit->kept_by.insert(KeepReason::oldest);
    }
}

/// The newest time that is not after `now`; nullopt when there is none.
std::optional<TimeNs> newest_time(std::span<const RetentionUnit> history, TimeNs now) {
    const auto is_past = [&](const RetentionUnit& unit) { return unit.time() <= now; };
    const auto newest = std::find_if(history.rbegin(), history.rend(), is_past);
    return newest == history.rend() ? std::nullopt : std::optional(newest->time());
}

void keep_within(std::span<RetentionUnit> history, const CalendarSpan& span, TimeNs now) {
    const std::optional<TimeNs> newest = newest_time(history, now);
    const std::optional<TimeNs> begin = newest ? std::optional(time_before(*newest, span)) : std::nullopt;
    for (RetentionUnit& unit : history)
        if (!begin || unit.time() > *begin) unit.kept_by.insert(KeepReason::within);
}

void keep_members(std::span<RetentionUnit> history, KeepReason reason,
                  const std::function<bool(const SnapshotRecord&)>& is_wanted) {
    for (RetentionUnit& unit : history)
        if (std::ranges::any_of(unit.members, [&](const ListedSnapshot& s) { return is_wanted(s.record); }))
            unit.kept_by.insert(reason);
}

}  // namespace

bool is_held(const SnapshotRecord& snapshot) { return snapshot.tags.contains(std::string(hold_tag)); }

bool RetentionRules::is_empty() const {
    return last == 0 && std::ranges::all_of(periods, [](const auto& rule) { return rule.second == 0; }) && !within &&
           tags.empty();
}

TimeNs RetentionUnit::time() const {
    TimeNs newest = members.front().record.time;
    for (const ListedSnapshot& member : members) newest = std::max(newest, member.record.time);
    return newest;
}

bool is_before(const RetentionUnit& a, const RetentionUnit& b) {
    const auto key = [](const RetentionUnit& unit) {
        return std::tuple(unit.time(), unit.members.front().commit, unit.members.front().position);
    };
    return key(a) < key(b);
}

void apply_rules(std::span<RetentionUnit> history, const RetentionRules& rules, TimeNs now) {
    VARVE_CHECK(std::ranges::is_sorted(history, is_before));
    keep_last(history, rules.last);
    for (const auto& [period, count] : rules.periods) keep_periods(history, period, count);
    if (rules.within) keep_within(history, *rules.within, now);
    for (const WantedTag& tag : rules.tags)
        keep_members(history, KeepReason::tag, [&](const SnapshotRecord& r) { return tag.fits(r.tags); });
    keep_members(history, KeepReason::hold, is_held);
}

}  // namespace varve
