#include "engine/base/text_line.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "engine/base/number_text.h"

namespace varve {
namespace {

/// The text up to the next `end`, which is consumed; all of it if there is none.
std::string_view take_until(std::string_view& text, char end) {
    const std::size_t at = text.find(end);
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

}  // namespace

std::string_view TextLine::word() { return take_until(rest_, ' '); }

void TextLine::hex(ByteSpan out, std::string_view what) {
    if (!from_hex(word(), out)) fail(fmt::format("expected the {} hex digits of {}", 2 * out.size(), what));
}

std::uint64_t TextLine::number(std::uint64_t max) {
    const auto value = parse_number<std::uint64_t>(word());
    if (!value || *value > max) fail(fmt::format("expected a number up to {}", max));
    return *value;
}

void TextLine::finish() const {
    if (!rest_.empty()) fail("expected the end of the line");
}

void TextLine::fail(const std::string& what) const {
    throw Error(ErrorCode::corrupt, fmt::format("'{}', line {}: {}", object_, number_, what));
}

void for_each_line(std::string_view text, std::string_view title, const std::string& object,
                   const std::function<void(TextLine&)>& read) {
    std::size_t number = 1;
    if (take_until(text, '\n') != title) TextLine({}, number, object).fail(fmt::format("expected '{}'", title));
    while (!text.empty()) {
        TextLine line(take_until(text, '\n'), ++number, object);
        read(line);
        line.finish();
    }
}

}  // namespace varve
