#include "cli/terminal/display_width.h"

#include <locale.h>
#include <wchar.h>
#include <algorithm>
#include <cwchar>

namespace varve {
namespace {

/// The calling thread uses C.UTF-8 while one lives.
class Utf8Locale {
public:
    Utf8Locale() : before_(locale() != locale_t{} ? ::uselocale(locale()) : locale_t{}) {}
    ~Utf8Locale() {
        if (before_ != locale_t{}) ::uselocale(before_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    static locale_t locale() {
        static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
        return utf8;
    }
    locale_t before_;
};

struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
};

std::size_t utf8_length(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

/// The first character of `text`, which is not empty.
Character first_character(std::string_view text) {
    std::mbstate_t state{};
    wchar_t wide = 0;
    const std::size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
    if (bytes == 0) return {};
    if (bytes > text.size()) return {std::min(utf8_length(text[0]), text.size()), 1};
    const int columns = ::wcwidth(wide);
    return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

}  // namespace

std::size_t display_columns(std::string_view text) {
    const Utf8Locale utf8;
    std::size_t columns = 0;
    while (!text.empty()) {
        const Character first = first_character(text);
        columns += first.columns;
        text.remove_prefix(first.bytes);
    }
    return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
    if (display_columns(text) <= columns) return std::string(text);
    if (columns == 0) return "";
    const Utf8Locale utf8;
    std::size_t bytes = 0;
    for (std::size_t taken = 0; bytes < text.size();) {
        const Character next = first_character(text.substr(bytes));
        taken += next.columns;
        if (taken > columns - 1) break;
        bytes += next.bytes;
    }
    return std::string(text.substr(0, bytes)) + "…";
}

}  // namespace varve
