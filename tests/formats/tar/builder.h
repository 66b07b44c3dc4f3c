#pragma once
/// Builds tar archives header by header, for cases that no tar writes. Based on the specification alone: it shares no
/// constant or header with the reader.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve::reader_test::tarball {

/// One header of 512 bytes; the fields hold their text as given. sealed() sets the checksum.
class HeaderBlock {
public:
    /// A ustar file: octal size, magic, type '0'.
    HeaderBlock(std::string_view name, std::uint64_t size, char type = '0') : text_(512, '\0') {
        field(0, 100, name).field(100, 8, "0000644").field(108, 8, "0000000").field(116, 8, "0000000");
        field(136, 12, "00000000000").octal_size(size).field(156, 1, {&type, 1});
        field(257, 8,
              std::string_view("ustar\0"
                               "00",
                               8));
    }

    HeaderBlock& field(std::size_t at, std::size_t length, std::string_view value) {
        text_.replace(
            at, length,
            std::string(value.substr(0, length)) + std::string(length - std::min(length, value.size()), '\0'));
        return *this;
    }
    HeaderBlock& gnu() { return field(257, 8, std::string_view("ustar  \0", 8)); }
    HeaderBlock& version_7() { return field(257, 8, ""); }
    HeaderBlock& prefix(std::string_view value) { return field(345, 155, value); }
    HeaderBlock& octal_size(std::uint64_t size) {
        std::string digits(11, '0');
        for (std::size_t i = 11; i-- > 0; size /= 8) digits[i] = static_cast<char>('0' + size % 8);
        return field(124, 12, digits);
    }
    /// GNU's binary size: `first` is 0x80 unless it is negative.
    HeaderBlock& binary_size(std::uint64_t size, char first = '\x80') {
        std::string bytes(12, '\0');
        bytes[0] = first;
        for (std::size_t i = 12; i-- > 4; size >>= 8) bytes[i] = static_cast<char>(size & 0xff);
        return field(124, 12, bytes);
    }

    /// With the sum of all bytes, signed or unsigned.
    std::string sealed(bool is_signed = false) const {
        std::string out = text_;
        out.replace(148, 8, 8, ' ');
        int sum = 0;
        for (const char c : out) sum += is_signed ? static_cast<signed char>(c) : static_cast<unsigned char>(c);
        for (std::size_t i = 6; i-- > 0; sum /= 8) out[148 + i] = static_cast<char>('0' + sum % 8);
        out[154] = '\0';
        return out;
    }

private:
    std::string text_;
};

/// `content` padded to whole blocks.
inline std::string padded(std::string_view content) {
    return std::string(content) + std::string((512 - content.size() % 512) % 512, '\0');
}

/// A whole member: header and content.
inline std::string member(std::string_view name, std::string_view content, char type = '0') {
    return HeaderBlock(name, content.size(), type).sealed() + padded(content);
}

/// One record of a pax header, with its length in front.
inline std::string record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;  // blank, '=' and newline
    std::size_t length = rest + 1;
    while (rest + std::to_string(length).size() != length) ++length;
    return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

inline const std::string end_blocks(1024, '\0');

}  // namespace varve::reader_test::tarball
