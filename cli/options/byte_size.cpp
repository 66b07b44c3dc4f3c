#include "cli/options/byte_size.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view why) {
    throw Error(ErrorCode::usage, fmt::format("'{}' {}", escape_for_display(text), why));
}

/// How far a letter shifts; nullopt for what is none.
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
    if (error == std::errc::result_out_of_range) fail(text, "is too large: at most 2^64 - 1 bytes can be said");
    if (error != std::errc() || end != digits.data() + digits.size())
        fail(text,
             "is not a size: a number of bytes is expected, decimal or after 0x, with K, M, G or T for powers "
             "of 1024");
    return value;
}

}  // namespace

ByteCount parse_byte_size(std::string_view text) {
    const auto shift = text.empty() ? std::nullopt : shift_of(text.back());
    const std::uint64_t number = parse_digits(text, shift ? text.substr(0, text.size() - 1) : text);
    const auto bytes = checked_mul(number, std::uint64_t{1} << shift.value_or(0));
    if (!bytes) fail(text, "is too large: at most 2^64 - 1 bytes can be said");
    return {*bytes};
}

ByteRange parse_byte_range(std::string_view text) {
    const std::size_t plus = text.find('+');
    if (plus == text.npos) fail(text, "is not a range: say OFFSET+LENGTH, as in 1M+512M");
    const ByteRange range{ByteOffset{} + parse_byte_size(text.substr(0, plus)), parse_byte_size(text.substr(plus + 1))};
    if (range.empty()) fail(text, "is an empty range: its length is 0");
    if (!checked_add(range.begin.value, range.length.value)) fail(text, "ends past 2^64 bytes");
    return range;
}

}  // namespace varve
