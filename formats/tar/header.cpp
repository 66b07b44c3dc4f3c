#include "formats/tar/header.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/escape.h"

namespace varve::tar {
namespace {

struct Field {
    std::size_t begin;
    std::size_t length;
    std::string_view in(ByteView block) const { return text_of(block.subspan(begin, length)); }
};

constexpr Field name_field{0, 100};
constexpr Field size_field{124, 12};
constexpr Field checksum_field{148, 8};
constexpr Field type_field{156, 1};
constexpr Field magic_field{257, 6};
constexpr Field prefix_field{345, 155};

constexpr std::string_view posix_magic{"ustar\0", 6};
constexpr std::string_view gnu_magic{"ustar ", 6};

std::string_view up_to_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

/// Octal digits with blanks before them and a blank, a NUL or nothing behind; nothing at all is 0.
std::optional<std::uint64_t> octal(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    std::uint64_t value = 0;  // at most 12 digits of 3 bits
    while (!text.empty() && text.front() >= '0' && text.front() <= '7') {
        value = value * 8 + static_cast<std::uint64_t>(text.front() - '0');
        text.remove_prefix(1);
    }
    if (!text.empty() && text.front() != ' ' && text.front() != '\0') return std::nullopt;
    return value;
}

/// GNU's numbers that octal digits can't tell: a first byte of 0x80, then a big-endian integer. Negative ones, whose
/// first byte is 0xff, and those from 2^63 on are none.
std::optional<std::uint64_t> base_256(std::string_view text) {
    if (text.front() != '\x80') return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text.substr(1)) {
        if (value >> 55 != 0) return std::nullopt;
        value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
}

std::optional<std::uint64_t> number(std::string_view text) {
    return (text.front() & '\x80') != 0 ? base_256(text) : octal(text);
}

struct Sums {
    std::int64_t of_unsigned = 0;
    std::int64_t of_signed = 0;
};

/// The sums of all bytes, with the checksum's own field counted as blanks.
Sums sums_of(ByteView block) {
    Sums sums;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const bool is_own = i - checksum_field.begin < checksum_field.length;
        const auto byte = is_own ? std::uint8_t{' '} : std::to_integer<std::uint8_t>(block[i]);
        sums.of_unsigned += byte;
        sums.of_signed += static_cast<std::int8_t>(byte);
    }
    return sums;
}

bool has_right_checksum(ByteView block) {
    const auto found = octal(checksum_field.in(block));
    const Sums sums = sums_of(block);
    return found && (static_cast<std::int64_t>(*found) == sums.of_unsigned ||
                     static_cast<std::int64_t>(*found) == sums.of_signed);
}

std::string name_in(ByteView block) {
    const std::string_view name = up_to_nul(name_field.in(block));
    const std::string_view prefix = up_to_nul(prefix_field.in(block));
    const bool has_prefix = magic_field.in(block) == posix_magic && !prefix.empty();
    return has_prefix ? fmt::format("{}/{}", prefix, name) : std::string(name);
}

}  // namespace

bool is_header(ByteView block) {
    const std::string_view magic = magic_field.in(block);
    return (magic == posix_magic || magic == gnu_magic) && has_right_checksum(block);
}

Header parse_header(ByteView block, const ByteSource& archive, ByteOffset at) {
    if (!has_right_checksum(block))
        throw corrupt(archive, at,
                      fmt::format("expected a header with the checksum {:06o}, found '{}'", sums_of(block).of_unsigned,
                                  escape_for_display(checksum_field.in(block))));
    const auto size = number(size_field.in(block));
    if (!size)
        throw corrupt(archive, at,
                      fmt::format("expected a size of 0 to 2^63 - 1 bytes, found '{}'",
                                  escape_for_display(size_field.in(block))));
    const char type = type_field.in(block).front();
    return {name_in(block), ByteCount{*size}, type == '\0' ? '0' : type};
}

Error corrupt(const ByteSource& archive, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::corrupt, fmt::format("'{}', tar header at offset {}: {}; the archive is damaged or was cut "
                                                 "off: take it from where it came from once more",
                                                 archive.name(), at.value, what));
}

Error refused(const ByteSource& archive, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::refused, fmt::format("'{}', tar header at offset {}: {}", archive.name(), at.value, what));
}

}  // namespace varve::tar
