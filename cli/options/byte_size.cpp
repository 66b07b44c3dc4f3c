#include "cli/options/byte_size.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

[[noreturn]] void refuse_size(std::string_view text, std::string_view why) {
    throw Error(ErrorCode::usage, fmt::format("'{}' {}", text, why));
}

/// The power of two of a suffix; nullopt for another letter.
std::optional<unsigned> shift_of(char letter) {
    switch (letter) {
        case 'K':
        case 'k':
            return 10;
        case 'M':
        case 'm':
            return 20;
        case 'G':
        case 'g':
            return 30;
        case 'T':
        case 't':
            return 40;
        default:
            return std::nullopt;
    }
}

std::uint64_t parse_digits(std::string_view text, std::string_view digits) {
    const bool is_hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (is_hex) digits.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
    if (error == std::errc::result_out_of_range) refuse_size(text, "is too large: the maximum is 2^64 - 1 bytes");
    if (error != std::errc() || end != digits.data() + digits.size())
        refuse_size(
            text,
            "is not a size: expected a number of bytes, decimal or hexadecimal (0x), optionally with K, M, G or T "
            "for powers of 1024");
    return value;
}

}  // namespace

ByteCount parse_byte_size(std::string_view text) {
    const auto shift = text.empty() ? std::nullopt : shift_of(text.back());
    const std::uint64_t number = parse_digits(text, shift ? text.substr(0, text.size() - 1) : text);
    const auto bytes = checked_mul(number, std::uint64_t{1} << shift.value_or(0));
    if (!bytes) refuse_size(text, "is too large: the maximum is 2^64 - 1 bytes");
    return {*bytes};
}

ByteRange parse_byte_range(std::string_view text) {
    const std::size_t plus = text.find('+');
    if (plus == text.npos) refuse_size(text, "is not a range: expected OFFSET+LENGTH, as in 1M+512M");
    const ByteRange range{ByteOffset{} + parse_byte_size(text.substr(0, plus)), parse_byte_size(text.substr(plus + 1))};
    if (range.empty()) refuse_size(text, "is an empty range: its length is 0");
    if (!checked_add(range.begin.value, range.length.value)) refuse_size(text, "ends past 2^64 bytes");
    return range;
}

}  // namespace varve
