#pragma once
/// The beginning of untrusted text, for quotation in error messages. Not escaped: cli does that on output. Pure.

#include <string_view>

namespace varve {

/// At most 80 bytes of `text`, and none from a NUL on, which would end the message.
inline std::string_view excerpt(std::string_view text) { return text.substr(0, 80).substr(0, text.find('\0')); }

}  // namespace varve
