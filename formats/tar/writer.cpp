#include "formats/tar/writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::tar {
namespace {

/// A part of the header block.
struct Field {
    std::size_t at;
    std::size_t length;
};

constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field owner_field{108, 8};
constexpr Field group_field{116, 8};
constexpr Field length_field{124, 12};
constexpr Field modified_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr std::size_t kind_at = 156;
constexpr Field magic_field{257, 8};  // and version
constexpr Field device_major_field{329, 8};
constexpr Field device_minor_field{337, 8};

constexpr std::uint64_t mode = 0644;
constexpr std::uint64_t octal_length_end = std::uint64_t{1} << 33;  // eleven digits

void put_text(Bytes& header, Field field, std::string_view text) {
    VARVE_CHECK(text.size() <= field.length);
    std::ranges::copy(bytes_of(text), header.begin() + static_cast<std::ptrdiff_t>(field.at));
}

/// Digits to the field's last byte but one, which stays NUL.
void put_octal(Bytes& header, Field field, std::uint64_t value) {
    put_text(header, field, fmt::format("{:0{}o}", value, field.length - 1));
}

/// The first bit set, then the number, big-endian to the field's end.
void put_base256(Bytes& header, Field field, std::uint64_t value) {
    header[field.at] = std::byte{0x80};
    store_be<std::uint64_t>(ByteSpan(header).subspan(field.at + field.length - 8, 8), value);
}

/// The sum of all bytes, with the checksum's own taken as blanks: six digits, NUL, blank.
void put_checksum(Bytes& header) {
    put_text(header, checksum_field, "        ");
    std::uint64_t sum = 0;
    for (const std::byte byte : header) sum += std::to_integer<std::uint64_t>(byte);
    put_octal(header, {checksum_field.at, checksum_field.length - 1}, sum);
    header[checksum_field.at + checksum_field.length - 2] = std::byte{0};
}

}  // namespace

bool can_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." &&
           name.find('/') == name.npos && name.find('\0') == name.npos;
}

Bytes encode_header(const NewMember& member) {
    VARVE_CHECK(can_name(member.name));
    Bytes header(block.value);
    put_text(header, name_field, member.name);
    put_octal(header, mode_field, mode);
    put_octal(header, owner_field, 0);
    put_octal(header, group_field, 0);
    if (member.length.value < octal_length_end)
        put_octal(header, length_field, member.length.value);
    else
        put_base256(header, length_field, member.length.value);
    put_octal(header, modified_field, member.modified);
    header[kind_at] = std::byte{'0'};
    put_text(header, magic_field, std::string_view("ustar\00000", 8));
    put_octal(header, device_major_field, 0);
    put_octal(header, device_minor_field, 0);
    put_checksum(header);
    return header;
}

ByteCount padded(ByteCount length) { return {divide_up(length.value, block.value) * block.value}; }

}  // namespace varve::tar
