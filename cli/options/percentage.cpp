#include "cli/options/percentage.h"

#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/number_text.h"

namespace varve {
namespace {

constexpr std::size_t decimals_max = 3;

/// In thousandths of a per cent.
std::optional<std::uint32_t> parse_thousandths(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::string decimals(point == std::string_view::npos ? std::string_view() : text.substr(point + 1));
    if (decimals.size() > decimals_max || (point != std::string_view::npos && decimals.empty())) return std::nullopt;
    decimals.resize(decimals_max, '0');
    const auto units = parse_number<std::uint16_t>(whole);
    const auto thousandths = parse_number<std::uint32_t>(decimals);
    if (!units || !thousandths) return std::nullopt;
    return *units * 1000u + *thousandths;
}

}  // namespace

double parse_percentage(std::string_view text, std::string_view option) {
    const auto thousandths = parse_thousandths(text);
    if (!thousandths || *thousandths == 0 || *thousandths > 100'000)
        throw Error(ErrorCode::usage,
                    fmt::format("{}: '{}' is not a share: pass more than 0% and at most 100%, as in 5%", option, text));
    return *thousandths / 100'000.0;
}

}  // namespace varve
