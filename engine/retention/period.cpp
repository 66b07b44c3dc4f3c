#include "engine/retention/period.h"

#include <chrono>

#include "engine/base/check.h"
#include "engine/base/local_time.h"

namespace varve {
namespace {

std::int64_t day_number(const std::tm& date) {
    using namespace std::chrono;
    return sys_days{year(date.tm_year + 1900) / (date.tm_mon + 1) / date.tm_mday}.time_since_epoch().count();
}

/// The first day of 1970 was a Thursday.
std::int64_t week_number(std::int64_t day) {
    constexpr std::int64_t days_since_monday = 3;
    const std::int64_t shifted = day + days_since_monday;
    return shifted / 7 - (shifted % 7 < 0 ? 1 : 0);
}

}  // namespace

std::int64_t period_number(Period period, TimeNs time) {
    const std::tm shown = local_fields(time);
    switch (period) {
        case Period::hour:
            return day_number(shown) * 24 + shown.tm_hour;
        case Period::day:
            return day_number(shown);
        case Period::week:
            return week_number(day_number(shown));
        case Period::month:
            return std::int64_t{12} * shown.tm_year + shown.tm_mon;
        case Period::year:
            return shown.tm_year;
    }
    VARVE_CHECK(false);
    return 0;
}

}  // namespace varve
