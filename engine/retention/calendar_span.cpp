#include "engine/retention/calendar_span.h"

#include <chrono>
#include <limits>

#include "engine/base/local_time.h"

namespace varve {
namespace {

bool has_date_part(const CalendarSpan& span) {
    return span.years != 0 || span.months != 0 || span.weeks != 0 || span.days != 0;
}

/// Moves the date back.
void subtract_date(std::tm& date, const CalendarSpan& span) {
    using namespace std::chrono;
    const year_month month = year(date.tm_year + 1900) / (date.tm_mon + 1) - years(span.years) - months(span.months);
    const sys_days day = sys_days{month / 1} + days(date.tm_mday - 1 - 7 * span.weeks - span.days);
    const year_month_day moved{day};
    date.tm_year = static_cast<int>(moved.year()) - 1900;
    date.tm_mon = static_cast<int>(static_cast<unsigned>(moved.month())) - 1;
    date.tm_mday = static_cast<int>(static_cast<unsigned>(moved.day()));
}

}  // namespace

TimeNs time_before(TimeNs time, const CalendarSpan& span) {
    constexpr std::int64_t seconds_per_hour = 3600;
    constexpr std::int64_t seconds_min = std::numeric_limits<TimeNs>::min() / ns_per_second;
    std::int64_t seconds = floor_seconds(time);
    if (has_date_part(span)) {
        std::tm shown = local_fields(time);
        subtract_date(shown, span);
        seconds = earliest_seconds(shown);
    }
    seconds -= span.hours * seconds_per_hour;
    if (seconds < seconds_min) return std::numeric_limits<TimeNs>::min();
    return seconds * ns_per_second + (time - floor_seconds(time) * ns_per_second);
}

}  // namespace varve
