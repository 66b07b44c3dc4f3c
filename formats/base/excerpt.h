#pragma once
/// The beginning of untrusted text, as error messages quote it. Pure.

#include <string_view>

namespace varve {

/// At most 80 bytes of `text`.
inline std::string_view excerpt(std::string_view text) { return text.substr(0, 80); }

}  // namespace varve
