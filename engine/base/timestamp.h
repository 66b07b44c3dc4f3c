#pragma once
/// Points in time as people and scripts write them, to the second: `2026-11` or `2026-11-20` (the end of that month or
/// day) or `2026-11-20T02:30[:15]` (with a blank instead of the T, too), with `Z` or an offset (`+01:00`), or else in
/// local time (TZ); `today` and `yesterday`; `12h`, `1d`, `2w`: so many hours, days or weeks ago. All functions are
/// safe from many threads as long as none changes TZ.

#include <cstdint>
#include <string>
#include <string_view>

namespace varve {

/// Nanoseconds since 1970-01-01 00:00 UTC.
using TimeNs = std::int64_t;

inline constexpr TimeNs ns_per_second = 1'000'000'000;

/// Which instant a day or month without a time of day means.
enum class DayAlone { its_end, its_begin };

/// The wall clock, rounded down to the second, so that every snapshot has a time that can be typed. Throws
/// Error(refused) when it shows a time outside 1970–2262, which cannot be recorded.
TimeNs current_time();

/// The instant that `text` names: a whole second from 1970 to 2261. A local time that occurs twice means the later one.
/// Throws Error(usage) that states what was expected, also for a local time that the clock skipped.
TimeNs parse_time(std::string_view text, DayAlone day = DayAlone::its_end, TimeNs now = current_time());

/// `2026-11-20T02:30:15Z`, for machines; fractions of a second are dropped.
std::string format_utc(TimeNs time);

/// `2026-11-20T03:30:15+01:00`, for people: local time with its offset, in a form that parse_time() takes.
std::string format_local(TimeNs time);

}  // namespace varve
