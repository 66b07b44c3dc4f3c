#include "engine/base/escape.h"

#include <cstdint>

#include <fmt/format.h>

namespace varve {
namespace {

/// Length of the valid UTF-8 sequence at the front of `text`, or 0; its code point in `code`.
std::size_t sequence_length(std::string_view text, std::uint32_t& code) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) {
        code = byte(0);
        return 1;
    }
    const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || length > text.size()) return 0;
    code = byte(0) & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        code = (code << 6) | (byte(i) & 0x3fu);
    }
    static constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
    return length;
}

bool is_unsafe(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '\n':
            out += "\\n";
            break;
        case '\t':
            out += "\\t";
            break;
        case '\r':
            out += "\\r";
            break;
        default:
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
}

}  // namespace

std::string escape_for_display(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::uint32_t code = 0;
        const std::size_t length = sequence_length(text, code);
        const std::size_t step = length == 0 ? 1 : length;
        if (text[0] == '\\') {
            out += "\\\\";
        } else if (length == 0 || is_unsafe(code)) {
            for (std::size_t i = 0; i < step; ++i) append_escaped(out, text[i]);
        } else {
            out.append(text.substr(0, step));
        }
        text.remove_prefix(step);
    }
    return out;
}

bool is_valid_utf8(std::string_view text) {
    std::uint32_t code = 0;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text, code);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace varve
