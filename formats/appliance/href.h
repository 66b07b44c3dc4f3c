#pragma once
/// The name by which an OVF descriptor or manifest refers to a file of its package: a relative URI by the specification
/// (DMTF DSP0243, "References"; RFC 3986), a plain file name by what many products write.
///
/// Pure functions; safe from any thread.

#include <optional>
#include <string>
#include <string_view>

namespace varve::appliance {

/// Why `href` must not be followed, as the end of a sentence that begins with it ("is absolute"); nothing if it can
/// only name a file beside the descriptor or below. Checks the text as it is and percent-decoded. The view is of a
/// constant.
std::optional<std::string_view> href_fault(std::string_view href);

/// Replaces each %XX with the byte that it encodes. A percent sign without two hex digits is kept.
std::string decoded_href(std::string_view href);

/// The last part of a path or an href: the name of the file alone.
inline std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

}  // namespace varve::appliance
