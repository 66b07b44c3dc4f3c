#include "formats/tar/header.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/escape.h"

namespace varve::tar {
namespace {

struct Field {
    std::size_t begin;
    std::size_t length;

    std::string_view in(ByteView block) const { return text_of(block.subspan(begin, length)); }
};

constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field owner_field{108, 8};
constexpr Field group_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field modified_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr Field type_field{156, 1};
constexpr Field magic_field{257, 6};
constexpr Field version_field{263, 2};
constexpr Field device_major_field{329, 8};
constexpr Field device_minor_field{337, 8};
constexpr Field prefix_field{345, 155};

constexpr std::string_view posix_magic{"ustar\0", 6};
constexpr std::string_view gnu_magic{"ustar ", 6};
constexpr std::string_view posix_version = "00";
constexpr std::uint64_t new_file_mode = 0644;
constexpr std::uint64_t octal_size_end = std::uint64_t{1} << 33;  // eleven digits

std::string_view up_to_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

/// Octal digits after optional blanks, followed by a blank, a NUL or the field's end. No digits mean 0.
std::optional<std::uint64_t> parse_octal(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    std::uint64_t value = 0;  // at most 12 digits of 3 bits
    while (!text.empty() && text.front() >= '0' && text.front() <= '7') {
        value = value * 8 + static_cast<std::uint64_t>(text.front() - '0');
        text.remove_prefix(1);
    }
    if (!text.empty() && text.front() != ' ' && text.front() != '\0') return std::nullopt;
    return value;
}

/// GNU's form of numbers too large for octal digits: a first byte of 0x80, then a big-endian integer. Negative numbers,
/// whose first byte is 0xff, and numbers from 2^63 on are rejected.
std::optional<std::uint64_t> parse_base_256(std::string_view text) {
    if (text.front() != '\x80') return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text.substr(1)) {
        if (value >> 55 != 0) return std::nullopt;
        value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    return (text.front() & '\x80') != 0 ? parse_base_256(text) : parse_octal(text);
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
    const auto found = parse_octal(checksum_field.in(block));
    const Sums sums = sums_of(block);
    return found && (static_cast<std::int64_t>(*found) == sums.of_unsigned ||
                     static_cast<std::int64_t>(*found) == sums.of_signed);
}

bool has_magic(ByteView block) {
    const std::string_view magic = magic_field.in(block);
    return magic == posix_magic || magic == gnu_magic;
}

std::string name_in(ByteView block) {
    const std::string_view name = up_to_nul(name_field.in(block));
    const std::string_view prefix = up_to_nul(prefix_field.in(block));
    const bool has_prefix = magic_field.in(block) == posix_magic && !prefix.empty();
    return has_prefix ? fmt::format("{}/{}", prefix, name) : std::string(name);
}

void put_text(Bytes& block, Field field, std::string_view text) {
    VARVE_CHECK(text.size() <= field.length);
    std::ranges::copy(bytes_of(text), block.begin() + static_cast<std::ptrdiff_t>(field.begin));
}

/// Digits up to the field's last byte but one; the last byte stays NUL.
void put_octal(Bytes& block, Field field, std::uint64_t value) {
    put_text(block, field, fmt::format("{:0{}o}", value, field.length - 1));
}

/// As parse_base_256() expects it: the number fills the end of the field.
void put_base_256(Bytes& block, Field field, std::uint64_t value) {
    block[field.begin] = std::byte{0x80};
    store_be<std::uint64_t>(ByteSpan(block).subspan(field.begin + field.length - 8, 8), value);
}

/// Six digits, NUL, blank.
void put_checksum(Bytes& block) {
    const auto sum = static_cast<std::uint64_t>(sums_of(block).of_unsigned);
    put_octal(block, {checksum_field.begin, checksum_field.length - 1}, sum);
    block[checksum_field.begin + checksum_field.length - 1] = std::byte{' '};
}

}  // namespace

bool is_header(ByteView block) { return has_magic(block) && has_right_checksum(block); }

bool claims_a_header(ByteView block) { return has_magic(block) || has_right_checksum(block); }

/// Messages show raw bytes of the block escaped, because a message ends at a NUL.
Header parse_header(ByteView block, const ByteSource& archive, ByteOffset at) {
    if (!has_right_checksum(block))
        throw corrupt(archive, at,
                      fmt::format("expected a header with the checksum {:06o}, found '{}'", sums_of(block).of_unsigned,
                                  escape_for_display(checksum_field.in(block))));
    const auto size = parse_number(size_field.in(block));
    if (!size)
        throw corrupt(archive, at,
                      fmt::format("expected a size of 0 to 2^63 - 1 bytes, found '{}'",
                                  escape_for_display(size_field.in(block))));
    const char type = type_field.in(block).front();
    return {name_in(block), ByteCount{*size}, parse_number(modified_field.in(block)).value_or(0),
            type == '\0' ? '0' : type};
}

bool can_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." &&
           name.find('/') == name.npos && name.find('\0') == name.npos;
}

Bytes encode_header(const Header& header) {
    VARVE_CHECK(can_name(header.name) && header.type == '0');
    Bytes block(block_bytes);
    put_text(block, name_field, header.name);
    put_octal(block, mode_field, new_file_mode);
    put_octal(block, owner_field, 0);
    put_octal(block, group_field, 0);
    if (header.size.value < octal_size_end)
        put_octal(block, size_field, header.size.value);
    else
        put_base_256(block, size_field, header.size.value);
    put_octal(block, modified_field, header.modified);
    put_text(block, type_field, "0");
    put_text(block, magic_field, posix_magic);
    put_text(block, version_field, posix_version);
    put_octal(block, device_major_field, 0);
    put_octal(block, device_minor_field, 0);
    put_checksum(block);
    return block;
}

ByteCount padded(ByteCount length) { return {divide_up(length.value, block_bytes) * block_bytes}; }

Error corrupt(const ByteSource& archive, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::corrupt, fmt::format("'{}', tar header at offset {}: {}; the archive is damaged or cut "
                                                 "off: get it from its source again",
                                                 archive.name(), at.value, what));
}

Error refused(const ByteSource& archive, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::refused, fmt::format("'{}', tar header at offset {}: {}", archive.name(), at.value, what));
}

}  // namespace varve::tar
