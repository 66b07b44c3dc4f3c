#include "engine/base/local_time.h"

#include <optional>

namespace varve {
namespace {

struct LocalReading {
    std::int64_t seconds = 0;
    bool is_shown = false;  ///< whether clocks show the fields at that instant
};

/// The instant that the fields mean under one answer to "is it summer time?".
LocalReading read_fields(std::tm fields, int is_dst) {
    fields.tm_isdst = is_dst;
    const std::time_t seconds = std::mktime(&fields);
    return {seconds, fields.tm_isdst == is_dst};
}

}  // namespace

std::int64_t floor_seconds(std::int64_t time_ns) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    return time_ns / ns_per_second - (time_ns % ns_per_second < 0 ? 1 : 0);
}

std::tm local_fields(std::int64_t time_ns) {
    const std::time_t seconds = floor_seconds(time_ns);
    std::tm fields{};
    ::localtime_r(&seconds, &fields);
    return fields;
}

std::int64_t earliest_seconds(const std::tm& fields) {
    std::optional<LocalReading> earliest;
    for (const int is_dst : {0, 1}) {
        const LocalReading reading = read_fields(fields, is_dst);
        const bool is_better = !earliest || (reading.is_shown && !earliest->is_shown) ||
                               (reading.is_shown == earliest->is_shown && reading.seconds < earliest->seconds);
        if (is_better) earliest = reading;
    }
    return earliest->seconds;
}

}  // namespace varve
