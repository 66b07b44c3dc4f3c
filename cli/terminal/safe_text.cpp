#include "cli/terminal/safe_text.h"

#include <algorithm>

#include "engine/base/escape.h"

namespace varve {
namespace {

/// Escapes the text between characters of `kept`, which are ASCII and hence never part of a longer sequence.
std::string escape_between(std::string_view text, std::string_view kept) {
    std::string out;
    for (std::size_t begin = 0;;) {
        const std::size_t end = std::min(text.find_first_of(kept, begin), text.size());
        out += escape_for_display(text.substr(begin, end - begin));
        if (end == text.size()) return out;
        out += text[end];
        begin = end + 1;
    }
}

}  // namespace

std::string safe_sentence(std::string_view sentence) { return escape_between(sentence, "\\"); }

std::string safe_lines(std::string_view text) { return escape_between(text, "\\\n"); }

}  // namespace varve
