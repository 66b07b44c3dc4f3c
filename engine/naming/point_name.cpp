#include "engine/naming/point_name.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/timestamp.h"
#include "engine/naming/disk_name.h"

namespace varve {
namespace {

constexpr std::size_t steps_digits_max = 9;

void check_name(std::string_view name, const PointWords& words) {
    if (const auto fault = disk_name_fault(name))
        throw Error(ErrorCode::usage, fmt::format("the {} name '{}' {}", words.owner, name, *fault));
}

std::uint64_t parse_steps(std::string_view text, std::string_view digits, const PointWords& words) {
    std::uint64_t steps = 0;
    const bool is_number = !digits.empty() && digits.size() <= steps_digits_max &&
                           std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number)
        throw Error(ErrorCode::usage, fmt::format("'{}' is not a {}: expected a number after '~', as in {}@~1", text,
                                                  words.point, words.placeholder));
    for (const char c : digits) steps = steps * 10 + static_cast<std::uint64_t>(c - '0');
    return steps;
}

PointByTime parse_when(std::string_view text, std::string_view when, const PointWords& words) {
    try {
        return {parse_time(when)};
    } catch (Error& e) {
        throw Error(e.code(), fmt::format("'{}' is not a {}: expected latest, ~N or a time after '@', and {}", text,
                                          words.point, e.what()));
    }
}

std::size_t find(const PointByAge& which, const std::string& name, std::span<const TimeNs> times,
                 const PointWords& words) {
    if (which.steps_back >= times.size())
        throw Error(
            ErrorCode::not_found,
            fmt::format("{} '{}' has {} {}{}, so there is no @~{}; the oldest is @~{}", words.owner, name, times.size(),
                        words.point, times.size() == 1 ? "" : "s", which.steps_back, times.size() - 1));
    return times.size() - 1 - static_cast<std::size_t>(which.steps_back);
}

std::size_t find(const PointByTime& which, const std::string& name, std::span<const TimeNs> times,
                 const PointWords& words) {
    const TimeNs end = which.not_after + ns_per_second;
    auto found = times.end();
    for (auto time = times.begin(); time != times.end(); ++time)
        if (*time < end && (found == times.end() || *time >= *found)) found = time;
    if (found == times.end())
        throw Error(ErrorCode::not_found,
                    fmt::format("{} '{}' has no {} at {} or before; its first is from {}", words.owner, name,
                                words.point, format_local(which.not_after), format_local(std::ranges::min(times))));
    return static_cast<std::size_t>(found - times.begin());
}

}  // namespace

std::optional<PointName> parse_point_name(std::string_view text, const PointWords& words) {
    const std::size_t cut = text.rfind('@');
    if (cut == text.npos) return std::nullopt;
    PointName point{std::string(text.substr(0, cut)), {}};
    const std::string_view which = text.substr(cut + 1);
    check_name(point.name, words);
    if (which == "latest") return point;
    if (which.starts_with('~'))
        point.which = PointByAge{parse_steps(text, which.substr(1), words)};
    else
        point.which = parse_when(text, which, words);
    return point;
}

std::size_t find_point(const PointName& name, std::span<const TimeNs> times, const PointWords& words) {
    return std::visit([&](const auto& which) { return find(which, name.name, times, words); }, name.which);
}

}  // namespace varve
