#pragma once
/// The time zone of one scope of a test. Zones are given by rule, so that no zone files are needed.

#include <cstdlib>
#include <ctime>

namespace varve::test {

class TimeZone {
public:
    explicit TimeZone(const char* tz) {
        ::setenv("TZ", tz, 1);
        ::tzset();
    }
    ~TimeZone() {
        ::unsetenv("TZ");
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;
};

inline constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
/// Its summer begins with a day that has no 00:xx, and ends with one that has 23:xx twice.
inline constexpr const char* midnight_changes = "STD3DST,M10.2.0/0,M3.4.0/0";
/// Its clocks are set back by two hours at once.
inline constexpr const char* two_hours_at_once = "STD0DST-2,M3.5.0/1,M10.5.0/3";

}  // namespace varve::test
