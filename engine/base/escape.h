#pragma once
/// Makes text from images, guests and repositories safe to display: no control character reaches a terminal.

#include <string>
#include <string_view>

namespace varve {

/// `text` with control characters, DEL, C1 controls, bidirectional overrides and bytes that are not valid UTF-8
/// written as \xNN (newline, tab and return as \n, \t, \r) and '\' doubled. Everything else is kept.
std::string escape_for_display(std::string_view text);

/// Whether `text` is valid UTF-8 (no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

}  // namespace varve
