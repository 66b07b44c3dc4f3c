#include "engine/retention/period.h"

#include "tests/catch.h"
#include "tests/support/time_zone.h"

using namespace varve;
using test::TimeZone;

namespace {

/// How many periods later `b` is than `a`.
std::int64_t periods_from(Period period, const char* a, const char* b) {
    return period_number(period, parse_time(b)) - period_number(period, parse_time(a));
}

}  // namespace

TEST_CASE("period: each begins where the local calendar turns", "[engine][retention]") {
    const TimeZone zone(test::berlin);
    CHECK(periods_from(Period::hour, "2026-11-20T02:00", "2026-11-20T02:59:59") == 0);
    CHECK(periods_from(Period::hour, "2026-11-20T02:59:59", "2026-11-20T03:00") == 1);
    CHECK(periods_from(Period::day, "2026-11-20T00:00", "2026-11-20T23:59:59") == 0);
    CHECK(periods_from(Period::day, "2026-11-19T22:59:59Z", "2026-11-19T23:00Z") == 1);
    CHECK(periods_from(Period::month, "2026-11-01T00:00", "2026-11-30T23:59:59") == 0);
    CHECK(periods_from(Period::month, "2026-12-31T23:59:59", "2027-01-01T00:00") == 1);
    CHECK(periods_from(Period::year, "2026-12-31T23:59:59", "2027-01-01T00:00") == 1);
    CHECK(periods_from(Period::year, "2026-01-01T00:00", "2026-12-31T23:59:59") == 0);
}

TEST_CASE("period: a week is from Monday to Sunday, also week 53 and across the turn of the year",
          "[engine][retention]") {
    const TimeZone zone("UTC");
    CHECK(periods_from(Period::week, "2026-12-28T00:00", "2027-01-03T23:59:59") == 0);  // 2026-W53
    CHECK(periods_from(Period::week, "2027-01-03T23:59:59", "2027-01-04T00:00") == 1);
    CHECK(periods_from(Period::week, "2026-12-27T23:59:59", "2026-12-28T00:00") == 1);
    CHECK(periods_from(Period::week, "2024-12-30T00:00", "2025-01-05T23:59:59") == 0);  // 2025-W01
    CHECK(periods_from(Period::week, "1970-01-01T00:00", "1970-01-04T23:59:59") == 0);
    CHECK(periods_from(Period::week, "1970-01-04T23:59:59", "1970-01-05T00:00") == 1);
    CHECK(period_number(Period::week, -4 * 86'400 * ns_per_second) ==
          period_number(Period::week, 0) - 1);  // Sunday, 28 December 1969
}

TEST_CASE("period: a leap day is a day of its own", "[engine][retention]") {
    const TimeZone zone("UTC");
    CHECK(periods_from(Period::day, "2024-02-28", "2024-03-01") == 2);
    CHECK(periods_from(Period::day, "2026-02-28", "2026-03-01") == 1);
    CHECK(periods_from(Period::month, "2024-02-29", "2024-03-01") == 1);
}

TEST_CASE("period: the hour that the clock shows twice is one, and the one that it skips is none",
          "[engine][retention]") {
    const TimeZone zone(test::berlin);
    CHECK(periods_from(Period::hour, "2026-10-25T00:10Z", "2026-10-25T01:50Z") == 0);  // 02:10 CEST, 02:50 CET
    CHECK(periods_from(Period::hour, "2026-10-25T01:59:59Z", "2026-10-25T02:00Z") == 1);
    CHECK(periods_from(Period::hour, "2026-03-29T00:59:59Z", "2026-03-29T01:00Z") == 2);  // from 01:59 to 03:00
    CHECK(periods_from(Period::day, "2026-10-24T22:00Z", "2026-10-25T22:59:59Z") == 0);   // a day of 25 hours
    CHECK(periods_from(Period::day, "2026-10-25T22:59:59Z", "2026-10-25T23:00Z") == 1);
    CHECK(periods_from(Period::day, "2026-03-28T23:00Z", "2026-03-29T21:59:59Z") == 0);  // a day of 23 hours
    CHECK(periods_from(Period::day, "2026-03-29T21:59:59Z", "2026-03-29T22:00Z") == 1);
}

TEST_CASE("period: days are told apart also where the clock changes at midnight", "[engine][retention]") {
    const TimeZone zone(test::midnight_changes);
    CHECK(periods_from(Period::day, "2026-10-11T02:59:59Z", "2026-10-11T03:00Z") == 1);  // from 23:59 to 01:00
    CHECK(periods_from(Period::day, "2026-03-22T01:59:59Z", "2026-03-22T02:00Z") == 0);  // back to 23:00
    CHECK(periods_from(Period::day, "2026-03-22T02:59:59Z", "2026-03-22T03:00Z") == 1);
}
