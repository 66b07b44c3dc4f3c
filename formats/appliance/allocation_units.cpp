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

struct Word {
    std::string_view in_lower_case;
    std::uint64_t bytes;
};

constexpr std::array words{
    Word{"", 1},
    Word{"byte", 1},
    Word{"bytes", 1},
    Word{"kilobytes", std::uint64_t{1} << 10},
    Word{"kb", std::uint64_t{1} << 10},
    Word{"megabytes", std::uint64_t{1} << 20},
    Word{"mb", std::uint64_t{1} << 20},
    Word{"gigabytes", std::uint64_t{1} << 30},
    Word{"gb", std::uint64_t{1} << 30},
    Word{"terabytes", std::uint64_t{1} << 40},
    Word{"tb", std::uint64_t{1} << 40},
};

/// In lower case and without blanks.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (!is_ascii_blank(c)) out.push_back(ascii_lower(c));
    }
    return out;
}

std::optional<std::uint64_t> number(std::string_view text) {
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
    const auto base = number(text.substr(0, caret));
    const auto exponent =
        caret == std::string_view::npos ? std::optional<std::uint64_t>(1) : number(text.substr(caret + 1));
    if (!base || !exponent) return std::nullopt;
    return power(*base, *exponent);
}

}  // namespace

std::optional<std::uint64_t> bytes_per_unit(std::string_view units) {
    const std::string text = plain(units);
    std::string_view rest = text;
    const std::string_view first = rest.substr(0, rest.find('*'));
    const auto* word = std::ranges::find(words, first, &Word::in_lower_case);
    if (word == words.end()) return std::nullopt;
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
