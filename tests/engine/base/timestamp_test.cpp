#include "engine/base/timestamp.h"

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/support/time_zone.h"

using namespace varve;
using test::TimeZone;

namespace {

std::string round_trip(std::string_view text) { return format_utc(parse_time(text)); }

}  // namespace

TEST_CASE("timestamp: a time with Z or an offset is that instant", "[engine][timestamp]") {
    CHECK(parse_time("1970-01-01T00:00Z") == 0);
    CHECK(round_trip("2026-11-20T02:30:15Z") == "2026-11-20T02:30:15Z");
    CHECK(round_trip("2026-11-20T02:30Z") == "2026-11-20T02:30:00Z");
    CHECK(round_trip("2026-11-20T02:30+01:00") == "2026-11-20T01:30:00Z");
    CHECK(round_trip("2026-11-20T02:30:15-0330") == "2026-11-20T06:00:15Z");
    CHECK(round_trip("2024-02-29T23:59:59+14") == "2024-02-29T09:59:59Z");
    CHECK(round_trip("2261-12-31T23:59:59Z") == "2261-12-31T23:59:59Z");
}

TEST_CASE("timestamp: a date alone is the end of that day", "[engine][timestamp]") {
    const TimeZone zone(test::berlin);
    CHECK(round_trip("2026-11-20") == "2026-11-20T22:59:59Z");
    CHECK(round_trip("2026-07-01") == "2026-07-01T21:59:59Z");
    CHECK(round_trip("2026-11-20Z") == "2026-11-20T23:59:59Z");
    CHECK(round_trip("2026-11-20-05:00") == "2026-11-21T04:59:59Z");
}

TEST_CASE("timestamp: a date alone is the beginning of that day on request", "[engine][timestamp]") {
    const auto begin_of = [](const char* text) { return format_utc(parse_time(text, DayAlone::its_begin)); };
    const TimeZone zone(test::berlin);
    CHECK(begin_of("2026-11-20") == "2026-11-19T23:00:00Z");
    CHECK(begin_of("2026-03-01Z") == "2026-03-01T00:00:00Z");
    CHECK(begin_of("1970-01-01Z") == "1970-01-01T00:00:00Z");
    CHECK(begin_of("2026-03-30") == "2026-03-29T22:00:00Z");
    CHECK(begin_of("2026-11-20T02:30:15Z") == "2026-11-20T02:30:15Z");
    const TimeZone midnight_is_jumped_over(test::midnight_changes);
    CHECK(begin_of("2026-10-11") == "2026-10-11T03:00:00Z");
    CHECK_THROWS_WITH(parse_time("2026-10-11T00:00"), ContainsSubstring("skipped it"));
}

TEST_CASE("timestamp: a month alone is its end, or its beginning on request", "[engine][timestamp]") {
    const TimeZone zone(test::berlin);
    CHECK(round_trip("2026-11") == "2026-11-30T22:59:59Z");
    CHECK(round_trip("2024-02Z") == "2024-02-29T23:59:59Z");
    CHECK(format_utc(parse_time("2026-11", DayAlone::its_begin)) == "2026-10-31T23:00:00Z");
    CHECK(format_utc(parse_time("2026-01Z", DayAlone::its_begin)) == "2026-01-01T00:00:00Z");
}

TEST_CASE("timestamp: a blank may stand between the date and the time of day", "[engine][timestamp]") {
    CHECK(round_trip("2026-11-20 02:30Z") == "2026-11-20T02:30:00Z");
    CHECK(round_trip("2026-11-20 02:30:15+01:00") == "2026-11-20T01:30:15Z");
}

TEST_CASE("timestamp: words and ages count from now", "[engine][timestamp]") {
    const TimeZone zone(test::berlin);
    const TimeNs now = parse_time("2026-03-01T00:30:00+01:00");
    const auto at = [&](const char* text, DayAlone day = DayAlone::its_end) {
        return format_utc(parse_time(text, day, now));
    };
    CHECK(at("yesterday") == "2026-02-28T22:59:59Z");
    CHECK(at("yesterday", DayAlone::its_begin) == "2026-02-27T23:00:00Z");
    CHECK(at("today") == "2026-03-01T22:59:59Z");
    CHECK(at("today", DayAlone::its_begin) == "2026-02-28T23:00:00Z");
    CHECK(at("1d") == "2026-02-27T23:30:00Z");
    CHECK(at("1d", DayAlone::its_begin) == "2026-02-27T23:30:00Z");
    CHECK(at("12h") == "2026-02-28T11:30:00Z");
    CHECK(at("2w") == "2026-02-14T23:30:00Z");
    CHECK_THROWS_WITH(parse_time("99999w", DayAlone::its_end, now), ContainsSubstring("before 1970"));
}

TEST_CASE("timestamp: without an offset the local time zone applies", "[engine][timestamp]") {
    const TimeZone zone(test::berlin);
    CHECK(round_trip("2026-11-20T02:30") == "2026-11-20T01:30:00Z");
    CHECK(round_trip("2026-07-20T02:30") == "2026-07-20T00:30:00Z");
}

TEST_CASE("timestamp: a local time that occurs twice is the later one; one that never occurs is refused",
          "[engine][timestamp]") {
    const TimeZone zone(test::berlin);
    CHECK(round_trip("2026-10-25T02:30") == "2026-10-25T01:30:00Z");
    CHECK_THROWS_WITH(parse_time("2026-03-29T02:30"), ContainsSubstring("skipped it"));
}

TEST_CASE("timestamp: displayed times are local with an offset and can be typed again", "[engine][timestamp]") {
    const TimeNs time = parse_time("2026-11-20T02:30:15Z");
    {
        const TimeZone zone(test::berlin);
        CHECK(format_local(time) == "2026-11-20T03:30:15+01:00");
        CHECK(parse_time(format_local(time)) == time);
    }
    const TimeZone zone("NST3:30");
    CHECK(format_local(time) == "2026-11-19T23:00:15-03:30");
}

TEST_CASE("timestamp: fractions of a second are dropped, also before 1970", "[engine][timestamp]") {
    CHECK(format_utc(999'999'999) == "1970-01-01T00:00:00Z");
    CHECK(format_utc(-1) == "1969-12-31T23:59:59Z");
    CHECK(current_time() % ns_per_second == 0);
}

TEST_CASE("timestamp: anything else is a usage error", "[engine][timestamp]") {
    for (const char* text : {"",
                             "2026",
                             "Yesterday",
                             "tomorrow",
                             "d",
                             "1m",
                             "-1d",
                             "1.5d",
                             "9999999d",
                             "2026-11T02:30",
                             "2026-13",
                             "2026-11-20  02:30",
                             "2026-1-2",
                             "2026-02-30",
                             "2026-13-01",
                             "2026-00-10",
                             "2026-11-20T",
                             "2026-11-20T2:30",
                             "2026-11-20T24:00",
                             "2026-11-20T02:60",
                             "2026-11-20T02:30:60",
                             "2026-11-20T02:30:15z",
                             "2026-11-20T02:30+",
                             "2026-11-20T02:30+25:00",
                             "2026-11-20T02:30Zx",
                             "2026-11-20T02:30:15.5Z",
                             "1969-12-31",
                             "1970-01-01T00:00+01:00",
                             "2262-01-01Z",
                             " 2026-11-20",
                             "2026-11-20 "}) {
        CAPTURE(text);
        try {
            parse_time(text);
            FAIL("was taken");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::usage);
        }
    }
}
