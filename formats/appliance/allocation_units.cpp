#include "formats/appliance/allocation_units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

#include "engine/base/ascii.h"
#include "engine/base/units.h"

namespace varve::appliance {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

struct UnitWord {
    std::string_view in_lower_case;
    std::uint64_t bytes;
};

constexpr std::array unit_words{
    UnitWord{"", 1},
    UnitWord{"byte", 1},
    UnitWord{"bytes", 1},
    UnitWord{"kilobytes", std::uint64_t{1} << 10},
    UnitWord{"kb", std::uint64_t{1} << 10},
    UnitWord{"megabytes", std::uint64_t{1} << 20},
    UnitWord{"mb", std::uint64_t{1} << 20},
    UnitWord{"gigabytes", std::uint64_t{1} << 30},
    UnitWord{"gb", std::uint64_t{1} << 30},
    UnitWord{"terabytes", std::uint64_t{1} << 40},
    UnitWord{"tb", std::uint64_t{1} << 40},
};

/// In lower case and without blanks.
std::string normalized(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (!is_ascii_blank(c)) out.push_back(ascii_lower(c));
    }
    return out;
}

/// The number that `text` spells, or `most` if it is too large.
std::optional<std::uint64_t> clamped_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
    return error == std::errc() ? value : most;
}

std::uint64_t power(std::uint64_t base, std::uint64_t exponent) {
    if (base < 2) return exponent == 0 ? 1 : base;
    std::uint64_t value = 1;
    for (std::uint64_t i = 0; i < exponent && value != most; ++i) value = checked_mul(value, base).value_or(most);
    return value;
}

/// "1024" or "2^10".
std::optional<std::uint64_t> factor(std::string_view text) {
    const std::size_t caret = text.find('^');
    const auto base = clamped_number(text.substr(0, caret));
    const auto exponent =
        caret == std::string_view::npos ? std::optional<std::uint64_t>(1) : clamped_number(text.substr(caret + 1));
    if (!base || !exponent) return std::nullopt;
    return power(*base, *exponent);
}

}  // namespace

std::optional<std::uint64_t> bytes_per_unit(std::string_view units) {
    const std::string text = normalized(units);
    std::string_view rest = text;
    const std::string_view first = rest.substr(0, rest.find('*'));
    const auto* word = std::ranges::find(unit_words, first, &UnitWord::in_lower_case);
    if (word == unit_words.end()) return std::nullopt;
    std::uint64_t bytes = word->bytes;
    rest.remove_prefix(first.size());
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the asterisk
        const std::string_view next = rest.substr(0, rest.find('*'));
        const auto times = factor(next);
        if (!times) return std::nullopt;
        bytes = checked_mul(bytes, *times).value_or(most);
        rest.remove_prefix(next.size());
    }
    return bytes;
}

}  // namespace varve::appliance
