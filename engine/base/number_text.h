#pragma once
/// Whole numbers as text: digits only, in full. Pure functions, independent of the locale.

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace varve {

/// The number that all of `text` spells (no blanks, no '+', no prefix; '-' for signed types only), or nullopt when it
/// is anything else or does not fit T.
template <typename T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
    T number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

}  // namespace varve
