#include "formats/appliance/member_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/ascii.h"

namespace varve::appliance {
namespace {

constexpr std::size_t stem_bytes_max = 64;  // with an extension and a number it stays below tar's 100
constexpr std::size_t extension_bytes_max = 16;

bool is_plain(char c) { return is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'; }

std::string made_plain(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return !is_plain(c); }, '_');
    return out;
}

}  // namespace

std::string plain_stem(std::string_view text) {
    std::string stem = made_plain(text.substr(0, stem_bytes_max));
    if (stem.empty()) return "appliance";
    if (stem[0] == '.' || stem[0] == '-') stem[0] = '_';
    return stem;
}

std::string_view stem_of(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    const std::size_t dot = name.rfind('.');
    return dot == name.npos || dot == 0 ? name : name.substr(0, dot);
}

std::string MemberNames::take(std::string_view stem, std::string_view extension) {
    const std::string plain = plain_stem(stem);
    std::string name = fmt::format("{}{}", plain, extension);
    for (unsigned number = 2; !taken_.insert(ascii_lower(name)).second; ++number)
        name = fmt::format("{}-{}{}", plain, number, extension);
    return name;
}

std::string MemberNames::take(std::string_view file_name) {
    const std::size_t dot = file_name.rfind('.');
    const bool has_extension = dot != file_name.npos && dot > 0 && file_name.size() - dot <= extension_bytes_max;
    if (!has_extension) return take(file_name, "");
    return take(file_name.substr(0, dot), made_plain(file_name.substr(dot)));
}

}  // namespace varve::appliance
