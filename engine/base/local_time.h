#pragma once
/// The local calendar: what this host's clocks and calendars (TZ) show at an instant, and back. Nanoseconds are TimeNs
/// (timestamp.h). Functions are safe from many threads as long as none changes TZ.

#include <cstdint>
#include <ctime>

namespace varve {

/// Whole seconds since 1970, rounded down.
std::int64_t floor_seconds(std::int64_t time_ns);

/// Date, time of day, weekday and offset of `time_ns`; fractions of a second are dropped.
std::tm local_fields(std::int64_t time_ns);

/// The earliest instant, in seconds since 1970, at which the date and time of day of `fields` are shown. If the clock
/// skipped them, they are read as if it had not been changed yet or as if it already had, whichever is earlier.
/// `fields` hold a valid date of a year from -9999 to 9999.
std::int64_t earliest_seconds(const std::tm& fields);

}  // namespace varve
