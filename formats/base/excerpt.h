#pragma once
/// The beginning of untrusted text, as error messages quote it. The output escapes it, not this. Pure.

#include <string_view>

namespace varve {

/// At most 80 bytes of `text`, up to a NUL, with which messages end.
inline std::string_view excerpt(std::string_view text) { return text.substr(0, 80).substr(0, text.find('\0')); }

}  // namespace varve
