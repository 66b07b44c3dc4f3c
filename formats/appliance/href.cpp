#include "formats/appliance/href.h"

#include <algorithm>
#include <array>

#include "engine/base/ascii.h"
#include "engine/base/hex.h"

namespace varve::appliance {
namespace {

bool is_scheme_character(char c) {
    return is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/// "http:", "file:"; "C:" too.
bool has_scheme(std::string_view text) {
    const std::size_t colon = text.find(':');
    return colon != std::string_view::npos && is_ascii_letter(text.front()) &&
           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_scheme_character);
}

bool leads_up(std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('/', begin), text.size());
        if (text.substr(begin, end - begin) == "..") return true;
        begin = end + 1;
    }
    return false;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

std::optional<std::string_view> fault_as_it_is(std::string_view text) {
    if (text.empty()) return "is empty";
    if (text.find('\0') != std::string_view::npos) return "holds a NUL";
    if (std::ranges::any_of(text, is_control)) return "holds control characters";
    if (text.find('\\') != std::string_view::npos) return "holds a backslash";
    if (text.starts_with('/')) return "is absolute";
    if (has_scheme(text)) return "is an address with a scheme";
    if (leads_up(text)) return "leads outside with '..'";
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> href_fault(std::string_view href) {
    if (const auto fault = fault_as_it_is(href)) return fault;
    return fault_as_it_is(decoded_href(href));
}

std::string decoded_href(std::string_view href) {
    std::string out;
    while (!href.empty()) {
        std::array<std::byte, 1> byte{};
        const bool is_code = href.front() == '%' && href.size() > 2 && from_hex(href.substr(1, 2), byte);
        out.push_back(is_code ? static_cast<char>(byte[0]) : href.front());
        href.remove_prefix(is_code ? 3 : 1);
    }
    return out;
}

}  // namespace varve::appliance
