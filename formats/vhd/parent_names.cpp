#include "formats/vhd/parent_names.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "engine/base/hex.h"
#include "formats/base/foreign_name.h"
#include "formats/base/utf16.h"

namespace varve::vhd {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t name_bytes_max = 16 << 10;

/// Empty unless all of it is inside the file.
Bytes locator_data(const ByteSource& source, const ParentLocator& locator) {
    const std::uint64_t size = source.size().value;
    if (locator.length.value > name_bytes_max || locator.place.value > size ||
        locator.length.value > size - locator.place.value)
        return {};
    Bytes data(static_cast<std::size_t>(locator.length.value));
    source.read_at(locator.place, data);
    return data;
}

/// With %XX decoded; nothing if one is incomplete.
std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t used = 1;
        std::byte character = bytes_of(text)[0];
        if (text.front() == '%') {
            used = 3;
            if (text.size() < used || !from_hex(text.substr(1, 2), std::span(&character, 1))) return std::nullopt;
        }
        out += static_cast<char>(character);
        text.remove_prefix(used);
    }
    return out;
}

/// "file:///vm/a%20b.vhd" is "/vm/a b.vhd", and Xen's "file://./a.vhd" is "./a.vhd".
std::optional<std::string> path_of_url(std::string_view url) {
    url = url.substr(0, url.find('\0'));
    for (const std::string_view start : {"file://localhost/"sv, "file://"sv})
        if (url.starts_with(start)) return decoded(url.substr(start.ends_with("t/") ? start.size() - 1 : start.size()));
    return std::nullopt;
}

std::optional<std::string> locator_name(const ByteSource& source, const ParentLocator& locator) {
    const Bytes data = locator_data(source, locator);
    if (std::string_view(locator.code.data(), locator.code.size()) == "MacX") return path_of_url(text_of(data));
    return utf8_from_utf16(data, std::endian::little);
}

}  // namespace

std::vector<std::string> recorded_parent_names(const ByteSource& source, const DynamicHeader& header) {
    std::vector<std::string> names;
    const auto add = [&](const std::optional<std::string>& name) {
        if (name && !name->empty() && std::ranges::find(names, *name) == names.end()) names.push_back(*name);
    };
    for (const std::string_view code : {"W2ru"sv, "W2ku"sv, "MacX"sv})
        for (const ParentLocator& locator : header.locators)
            if (std::string_view(locator.code.data(), locator.code.size()) == code) add(locator_name(source, locator));
    add(utf8_from_utf16(header.parent_name, std::endian::big));
    return names;
}

std::vector<std::string> parent_names_here(const std::vector<std::string>& recorded) {
    std::vector<std::string> names;
    for (const std::string& name : recorded)
        for (std::string& here : names_here(name))
            if (std::ranges::find(names, here) == names.end()) names.push_back(std::move(here));
    return names;
}

}  // namespace varve::vhd
