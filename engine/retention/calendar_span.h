#pragma once
/// A length of time as a calendar counts it: years and months are as long as they are. A plain value.

#include "engine/base/timestamp.h"

namespace varve {

/// Each member from 0 to span_count_max.
struct CalendarSpan {
    int years = 0;
    int months = 0;
    int weeks = 0;
    int days = 0;
    int hours = 0;
    friend bool operator==(const CalendarSpan&, const CalendarSpan&) = default;
};

inline constexpr int span_count_max = 9999;

/// The instant `span` before `time`: first the date goes back by years, months, weeks and days in the local calendar
/// (TZ), then the clock by hours. A date that its month does not have counts on into the next month: one month before
/// 31 March is 3 March (2 March in a leap year). A time of day that the clock shows twice that day is the earlier one.
TimeNs time_before(TimeNs time, const CalendarSpan& span);

}  // namespace varve
