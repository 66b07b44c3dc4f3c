#pragma once
/// The edge at which untrusted text is made safe to show: no control character, escape sequence, bidirectional override
/// or invalid UTF-8 gets past it. Errors and warnings carry names as they are; only here are they escaped. Backslashes
/// are left alone, so that text which is escaped already is not escaped twice. Pure functions.

#include <string>
#include <string_view>

namespace varve {

/// `sentence` on one line: newlines and tabs are escaped, too.
std::string safe_sentence(std::string_view sentence);

/// `text` with its newlines kept: for tables and other answers of several lines, whose cells are escaped already.
std::string safe_lines(std::string_view text);

}  // namespace varve
