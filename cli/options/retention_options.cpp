#include "cli/options/retention_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "cli/options/tag_options.h"
#include "engine/base/error.h"
#include "engine/base/number_text.h"

namespace varve {
namespace {

constexpr std::array<std::pair<const char*, Period>, 5> period_options{{{"keep-hourly", Period::hour},
                                                                        {"keep-daily", Period::day},
                                                                        {"keep-weekly", Period::week},
                                                                        {"keep-monthly", Period::month},
                                                                        {"keep-yearly", Period::year}}};

OptionSpec count_spec(const char* name, const char* help) { return {name, 0, "N", Repeat::once, help}; }

/// 0 when the option is not given.
std::uint64_t keep_count(const Arguments& arguments, const char* option) {
    const auto typed = arguments.value(option);
    if (!typed) return 0;
    if (*typed == "unlimited") return keep_all;
    const auto count = parse_number<std::uint64_t>(*typed);
    if (!count)
        throw Error(
            ErrorCode::usage,
            fmt::format("--{}: '{}' is not a number of snapshots to keep: expected 0 (no such rule), 1, 2 and so "
                        "on, or unlimited",
                        option, *typed));
    return *count;
}

[[noreturn]] void refuse_span(std::string_view text, std::string_view option, std::string_view why) {
    throw Error(ErrorCode::usage,
                fmt::format("{}: '{}' is not a length of time: {}; pass 6h, 30d, 2w, 3m (months), 1y, or several as in "
                            "1y6m",
                            option, text, why));
}

int* member_of(CalendarSpan& span, char unit) {
    switch (unit) {
        case 'y':
            return &span.years;
        case 'm':
            return &span.months;
        case 'w':
            return &span.weeks;
        case 'd':
            return &span.days;
        case 'h':
            return &span.hours;
        default:
            return nullptr;
    }
}

}  // namespace

std::vector<OptionSpec> retention_specs() {
    return {
        count_spec("keep-last", "keep the last N snapshots"),
        count_spec("keep-hourly", "keep the newest snapshot of each of the last N hours that have one"),
        count_spec("keep-daily", "the same for days"),
        count_spec("keep-weekly", "the same for weeks, from Monday to Sunday"),
        count_spec("keep-monthly", "the same for months"),
        count_spec("keep-yearly", "the same for years"),
        {"keep-within", 0, "TIME", Repeat::once,
         "keep what is younger than TIME, counted back from the newest snapshot: 6h, 30d, 2w, 3m (months), 1y, or "
         "several "
         "as in 1y6m"},
        {"keep-tag", 0, "K[=V]", Repeat::many, "keep snapshots with this tag; may be repeated, and one is enough"},
        {"disk", 0, "DISK", Repeat::many,
         "apply the rules only to this disk (web01/vda), machine (web01) or pattern ('web*', '*/vda')"},
        {"group", 0, "VM", Repeat::many,
         "apply the rules to the points in time of this group, whose disks then stay or go together"},
    };
}

bool has_retention_options(const Arguments& arguments) {
    return std::ranges::any_of(retention_specs(), [&](const OptionSpec& spec) { return arguments.has(spec.name); });
}

RetentionRules retention_rules(const Arguments& arguments) {
    RetentionRules rules;
    rules.last = keep_count(arguments, "keep-last");
    for (const auto& [option, period] : period_options)
        if (const std::uint64_t count = keep_count(arguments, option); count != 0) rules.periods[period] = count;
    if (const auto within = arguments.value("keep-within"))
        rules.within = parse_calendar_span(*within, "--keep-within");
    rules.tags = parse_wanted_tags(arguments.values("keep-tag"), "--keep-tag");
    if (rules.is_empty())
        throw Error(ErrorCode::usage,
                    "no rule states what to keep, and nothing is forgotten without one; pass a rule such as "
                    "--keep-daily 7");
    return rules;
}

RetentionScope retention_scope(const Arguments& arguments) {
    RetentionScope scope{arguments.values("disk"), arguments.values("group")};
    if (!scope.disks.empty() && !scope.groups.empty())
        throw Error(ErrorCode::usage,
                    "--disk and --group cannot be combined: the disks of a group's point in time stay or go together");
    return scope;
}

CalendarSpan parse_calendar_span(std::string_view text, std::string_view option) {
    CalendarSpan span;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
        if (digits == rest.size()) refuse_span(text, option, "it has no unit at its end");
        const auto count = parse_number<int>(rest.substr(0, digits));
        if (!count || *count == 0 || *count > span_count_max)
            refuse_span(text, option,
                        fmt::format("expected a number from 1 to {} before '{}'", span_count_max, rest[digits]));
        int* const member = member_of(span, rest[digits]);
        if (member == nullptr) refuse_span(text, option, fmt::format("'{}' is not a unit", rest[digits]));
        if (*member != 0) refuse_span(text, option, fmt::format("it has the unit '{}' twice", rest[digits]));
        *member = *count;
        rest.remove_prefix(digits + 1);
    }
    if (span == CalendarSpan{}) refuse_span(text, option, "it is empty");
    return span;
}

}  // namespace varve
