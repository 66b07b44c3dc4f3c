#pragma once
/// The periods by which retention rules count: those of the local calendar (TZ). Pure functions but for TZ.

#include <cstdint>

#include "engine/base/timestamp.h"

namespace varve {

enum class Period {
    hour,  ///< what the clock shows: the hour that it shows twice when it is set back is one
    day,
    week,  ///< from Monday to Sunday, as in ISO 8601, also across the turn of the year
    month,
    year,
};

/// The number of the period that `time` is in: consecutive from period to period.
std::int64_t period_number(Period period, TimeNs time);

}  // namespace varve
