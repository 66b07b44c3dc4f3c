#include "engine/retention/calendar_span.h"

#include <limits>

#include "tests/catch.h"
#include "tests/support/time_zone.h"

using namespace varve;
using test::TimeZone;

namespace {

std::string before(const char* time, const CalendarSpan& span) {
    return format_utc(time_before(parse_time(time), span));
}

}  // namespace

TEST_CASE("calendar span: dates go back by the calendar, hours by the clock", "[engine][retention]") {
    const TimeZone zone("UTC");
    CHECK(before("2026-11-20T02:30:15", {.hours = 6}) == "2026-11-19T20:30:15Z");
    CHECK(before("2026-11-20T02:30:15", {.days = 30}) == "2026-10-21T02:30:15Z");
    CHECK(before("2026-11-20T02:30:15", {.weeks = 2}) == "2026-11-06T02:30:15Z");
    CHECK(before("2026-11-20T02:30:15", {.months = 3}) == "2026-08-20T02:30:15Z");
    CHECK(before("2026-11-20T02:30:15", {.months = 11}) == "2025-12-20T02:30:15Z");
    CHECK(before("2026-11-20T02:30:15", {.years = 1}) == "2025-11-20T02:30:15Z");
    CHECK(before("2026-11-20T02:30:15", {.years = 1, .months = 1, .weeks = 1, .days = 1, .hours = 1}) ==
          "2025-10-12T01:30:15Z");
}

TEST_CASE("calendar span: a date that the month does not have counts on into the next", "[engine][retention]") {
    const TimeZone zone("UTC");
    CHECK(before("2026-03-31T12:00", {.months = 1}) == "2026-03-03T12:00:00Z");
    CHECK(before("2024-03-31T12:00", {.months = 1}) == "2024-03-02T12:00:00Z");
    CHECK(before("2024-02-29T12:00", {.years = 1}) == "2023-03-01T12:00:00Z");
    CHECK(before("2024-02-29T12:00", {.years = 4}) == "2020-02-29T12:00:00Z");
    CHECK(before("2024-02-29T12:00", {.months = 12, .days = 1}) == "2023-02-28T12:00:00Z");
}

TEST_CASE("calendar span: the time of day stays across a clock change; twice or never, it is the earlier",
          "[engine][retention]") {
    const TimeZone zone(test::berlin);
    CHECK(before("2026-10-26T02:30", {.days = 2}) == "2026-10-24T00:30:00Z");  // 02:30, 49 hours before
    CHECK(before("2026-10-26T02:30", {.days = 1}) == "2026-10-25T00:30:00Z");  // the first of two 02:30
    CHECK(before("2026-10-26T02:30", {.hours = 24}) == "2026-10-25T01:30:00Z");
    CHECK(before("2026-10-25T02:30+01:00", {.hours = 1}) == "2026-10-25T00:30:00Z");
    CHECK(before("2026-03-30T02:30", {.days = 1}) == "2026-03-29T00:30:00Z");  // skipped: between 01:30 and 03:30
    CHECK(before("2026-03-30T03:30", {.days = 1}) == "2026-03-29T01:30:00Z");
    CHECK(before("2026-07-20T02:30", {.months = 6}) == "2026-01-20T01:30:00Z");
}

TEST_CASE("calendar span: fractions of a second stay, and no span reaches beyond what can be counted",
          "[engine][retention]") {
    const TimeZone zone("UTC");
    CHECK(time_before(parse_time("2026-11-20T02:30") + 5, {.days = 1}) == parse_time("2026-11-19T02:30") + 5);
    CHECK(time_before(-1, {.hours = 1}) == -3600 * ns_per_second - 1);
    const TimeNs least = std::numeric_limits<TimeNs>::min();
    CHECK(time_before(parse_time("2026-11-20"), {.years = 9999, .months = 9999, .weeks = 9999}) == least);
    CHECK(time_before(least, {.years = 1}) == least);
    CHECK(time_before(std::numeric_limits<TimeNs>::max(), {.years = 200}) > 0);
}
