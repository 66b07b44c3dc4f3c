#include "formats/base/option_words.h"

#include <fmt/format.h>

#include "engine/base/number_text.h"

namespace varve {

Error unknown_word(std::string_view format, std::string_view name, const std::vector<OptionWord>& known) {
    if (known.empty())
        return Error(ErrorCode::usage,
                     fmt::format("format {} has no creation options, but '{}' was given", format, name));
    std::string list;
    for (const OptionWord& word : known) list += fmt::format("{}{}", list.empty() ? "" : ", ", word.name);
    return Error(ErrorCode::usage,
                 fmt::format("'{}' is not a creation option of format {}, which has: {}", name, format, list));
}

Error wrong_value(std::string_view format, const OptionWord& word, std::string_view value) {
    return Error(ErrorCode::usage,
                 fmt::format("creation option {}={} of format {}: expected {}", word.name, value, format, word.values));
}

std::optional<bool> parse_on_off(std::string_view value) {
    if (value == "on") return true;
    if (value == "off") return false;
    return std::nullopt;
}

std::optional<std::uint64_t> parse_number(std::string_view value) { return parse_number<std::uint64_t>(value); }

std::optional<ByteCount> parse_size(std::string_view value) {
    constexpr std::string_view suffixes = "KkMmGgTt";
    const std::size_t suffix = value.empty() ? std::string_view::npos : suffixes.find(value.back());
    const bool has_suffix = suffix != std::string_view::npos;
    const auto number = parse_number(has_suffix ? value.substr(0, value.size() - 1) : value);
    if (!number) return std::nullopt;
    const auto bytes = checked_mul(*number, has_suffix ? std::uint64_t{1} << 10 * (suffix / 2 + 1) : 1);
    if (!bytes) return std::nullopt;
    return ByteCount{*bytes};
}

}  // namespace varve
