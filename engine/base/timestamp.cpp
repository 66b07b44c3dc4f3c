#include "engine/base/timestamp.h"

#include <chrono>
#include <ctime>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/local_time.h"

namespace varve {
namespace {

constexpr int year_min = 1970;
constexpr int year_max = 2261;  // the last whole year that fits 63 bits of nanoseconds
constexpr std::int64_t seconds_per_day = 86'400;

/// A date and time of day as typed, before its zone is known.
struct Fields {
    int year = 0, month = 0, day = 0;
    int hour = 23, minute = 59, second = 59;  // without a time of day: the end of the last day
    int first_day = 0;                        // of a month alone: 1; else `day`
    bool is_day_alone = true;
};

[[noreturn]] void fail(std::string_view text, std::string_view why) {
    throw Error(
        ErrorCode::usage,
        fmt::format("'{}' is not a time: {}; pass 2026-11-20, 2026-11 or 2026-11-20T02:30:15, with Z or an offset such "
                    "as +01:00, or without for local time; or yesterday, today, 12h, 1d or 2w for a time ago",
                    text, why));
}

/// Takes fixed-width fields off the front of a text.
class Scanner {
public:
    Scanner(std::string_view text, std::string_view rest) : text_(text), rest_(rest) {}

    bool at_end() const { return rest_.empty(); }
    bool at(char c) const { return !rest_.empty() && rest_[0] == c; }
    bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }

    void expect(char c) {
        if (!at(c))
            fail(text_, at_end() ? fmt::format("it ends where '{}' should be", c)
                                 : fmt::format("'{}' is where '{}' should be", rest_[0], c));
        rest_.remove_prefix(1);
    }

    int number(int digits) {
        int value = 0;
        for (int i = 0; i < digits; ++i) {
            if (!at_digit()) fail(text_, fmt::format("a field of {} digits is cut short", digits));
            value = value * 10 + (rest_[0] - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }

private:
    std::string_view text_;
    std::string_view rest_;
};

int last_day_of(int year, int month) {
    const std::chrono::year_month_day_last last{
        std::chrono::year(year), std::chrono::month_day_last{std::chrono::month(static_cast<unsigned>(month))}};
    return static_cast<int>(static_cast<unsigned>(last.day()));
}

void parse_time_of_day(std::string_view text, Scanner& scanner, Fields& f) {
    scanner.expect(scanner.at(' ') ? ' ' : 'T');
    f.is_day_alone = false;
    f.hour = scanner.number(2);
    scanner.expect(':');
    f.minute = scanner.number(2);
    f.second = 0;
    if (scanner.at(':')) {
        scanner.expect(':');
        f.second = scanner.number(2);
    }
    if (f.hour > 23 || f.minute > 59 || f.second > 59) fail(text, "there is no such time of day");
}

Fields parse_fields(std::string_view text, Scanner& scanner) {
    Fields f;
    f.year = scanner.number(4);
    scanner.expect('-');
    f.month = scanner.number(2);
    if (f.month < 1 || f.month > 12) fail(text, "there is no such month");
    if (f.year < year_min || f.year > year_max) fail(text, fmt::format("years go from {} to {}", year_min, year_max));
    const int last_day = last_day_of(f.year, f.month);
    f.first_day = 1;
    f.day = last_day;
    if (!scanner.at('-')) return f;  // a month alone
    scanner.expect('-');
    f.first_day = f.day = scanner.number(2);
    if (f.day < 1 || f.day > last_day) fail(text, "there is no such day");
    if (scanner.at('T') || scanner.at(' ')) parse_time_of_day(text, scanner, f);
    return f;
}

/// "today" or "yesterday" as the local calendar has it; nullopt for another text.
std::optional<Fields> parse_day_word(std::string_view text, TimeNs now) {
    if (text != "today" && text != "yesterday") return std::nullopt;
    const std::tm tm = local_fields(now);
    using namespace std::chrono;
    const sys_days today{year(tm.tm_year + 1900) / (tm.tm_mon + 1) / tm.tm_mday};
    const year_month_day date{text == "today" ? today : today - days(1)};
    Fields f;
    f.year = static_cast<int>(date.year());
    f.month = static_cast<int>(static_cast<unsigned>(date.month()));
    f.first_day = f.day = static_cast<int>(static_cast<unsigned>(date.day()));
    return f;
}

/// "12h", "1d", "2w": so long ago; nullopt for another text.
std::optional<TimeNs> parse_age(std::string_view text, TimeNs now) {
    constexpr std::size_t digits_max = 6;
    if (text.size() < 2 || text.size() > digits_max + 1) return std::nullopt;
    std::int64_t unit = 0;
    switch (text.back()) {
        case 'h':
            unit = 3600;
            break;
        case 'd':
            unit = seconds_per_day;
            break;
        case 'w':
            unit = 7 * seconds_per_day;
            break;
        default:
            return std::nullopt;
    }
    std::int64_t count = 0;
    for (const char c : text.substr(0, text.size() - 1)) {
        if (c < '0' || c > '9') return std::nullopt;
        count = count * 10 + (c - '0');
    }
    const std::int64_t seconds = now / ns_per_second - count * unit;
    if (seconds < 0) fail(text, "it is before 1970");
    return seconds * ns_per_second;
}

/// Seconds east of UTC if the text gives a zone; nullopt for local time.
std::optional<int> parse_zone(std::string_view text, Scanner& scanner) {
    if (scanner.at_end()) return std::nullopt;
    if (scanner.at('Z')) {
        scanner.expect('Z');
        return 0;
    }
    const int sign = scanner.at('-') ? -1 : 1;
    scanner.expect(sign < 0 ? '-' : '+');
    const int hours = scanner.number(2);
    if (scanner.at(':')) scanner.expect(':');
    const int minutes = scanner.at_digit() ? scanner.number(2) : 0;
    if (hours > 23 || minutes > 59) fail(text, "there is no such offset");
    return sign * (hours * 3600 + minutes * 60);
}

std::int64_t utc_seconds(const Fields& f) {
    using namespace std::chrono;
    const sys_days date{year(f.year) / f.month / f.day};
    return date.time_since_epoch().count() * seconds_per_day + f.hour * 3600 + f.minute * 60 + f.second;
}

/// The instant of local fields under one answer to "is it summer time?", if the clock showed them then.
std::optional<std::int64_t> local_seconds(const Fields& f, int is_dst) {
    std::tm tm{};
    tm.tm_year = f.year - 1900;
    tm.tm_mon = f.month - 1;
    tm.tm_mday = f.day;
    tm.tm_hour = f.hour;
    tm.tm_min = f.minute;
    tm.tm_sec = f.second;
    tm.tm_isdst = is_dst;
    const std::time_t seconds = std::mktime(&tm);
    std::tm shown{};
    if (::localtime_r(&seconds, &shown) == nullptr) return std::nullopt;
    const bool same = shown.tm_year == f.year - 1900 && shown.tm_mon == f.month - 1 && shown.tm_mday == f.day &&
                      shown.tm_hour == f.hour && shown.tm_min == f.minute && shown.tm_sec == f.second;
    return same ? std::optional<std::int64_t>(seconds) : std::nullopt;
}

std::int64_t local_seconds(std::string_view text, const Fields& f) {
    std::optional<std::int64_t> latest;
    for (const int is_dst : {0, 1, -1}) {
        const auto seconds = local_seconds(f, is_dst);
        if (seconds && (!latest || *seconds > *latest)) latest = seconds;
    }
    if (!latest) fail(text, "the local clock skipped it");
    return *latest;
}

/// The end of the day before, one second before the beginning of the first day of `f`: it exists also where the clock
/// jumps over midnight.
Fields day_before(Fields f) {
    using namespace std::chrono;
    const year_month_day date{sys_days{year(f.year) / f.month / f.first_day} - days(1)};
    f.year = static_cast<int>(date.year());
    f.month = static_cast<int>(static_cast<unsigned>(date.month()));
    f.day = static_cast<int>(static_cast<unsigned>(date.day()));
    return f;
}

std::string format_fields(const std::tm& tm) {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
}

}  // namespace

TimeNs parse_time(std::string_view text, DayAlone day, TimeNs now) {
    if (const auto then = parse_age(text, now)) return *then;
    Scanner scanner(text, text);
    std::optional<int> offset;
    std::optional<Fields> typed = parse_day_word(text, now);
    if (!typed) {
        typed = parse_fields(text, scanner);
        offset = parse_zone(text, scanner);
        if (!scanner.at_end()) fail(text, "something follows the offset");
    }
    const bool is_begin_of_day = typed->is_day_alone && day == DayAlone::its_begin;
    const Fields fields = is_begin_of_day ? day_before(*typed) : *typed;
    const std::int64_t seconds =
        (offset ? utc_seconds(fields) - *offset : local_seconds(text, fields)) + (is_begin_of_day ? 1 : 0);
    if (seconds < 0) fail(text, "it is before 1970");
    return seconds * ns_per_second;
}

std::string format_utc(TimeNs time) {
    const std::time_t seconds = floor_seconds(time);
    std::tm tm{};
    ::gmtime_r(&seconds, &tm);
    return format_fields(tm) + "Z";
}

std::string format_local(TimeNs time) {
    const std::tm tm = local_fields(time);
    const long minutes = (tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff) / 60;
    return fmt::format("{}{}{:02}:{:02}", format_fields(tm), tm.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

TimeNs current_time() {
    const std::int64_t seconds = std::time(nullptr);  // system_clock counts nanoseconds, and wraps in 2262
    if (seconds < 0 || seconds > std::numeric_limits<TimeNs>::max() / ns_per_second)
        throw Error(ErrorCode::refused,
                    fmt::format("this host's clock shows a time that varve cannot record, {} seconds after 1970: "
                                "expected one from 1970 to 2262; set the clock",
                                seconds));
    return seconds * ns_per_second;
}

}  // namespace varve
