#pragma once
/// How many columns of a terminal a text takes: East Asian characters and emoji take two, combining marks none. Source:
/// wcwidth(3) in the locale C.UTF-8, whatever locale the program runs in; where that does not exist, one column for
/// each character. Safe from many threads.

#include <cstddef>
#include <string>
#include <string_view>

namespace varve {

/// `text` is UTF-8 without control characters; an invalid byte counts as one column.
std::size_t display_columns(std::string_view text);

/// `text` in at most `columns` columns: cut, with "…" at the end, when it has more. No character is cut in half.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace varve
