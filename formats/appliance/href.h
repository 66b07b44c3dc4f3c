#pragma once
/// The name by which an OVF descriptor or manifest refers to a file of its package: a relative URI by the specification
/// (DMTF DSP0243, "References"; RFC 3986), a plain file name by what many products write.
///
/// Pure functions; safe from any thread.

#include <optional>
#include <string>
#include <string_view>

namespace varve::appliance {

/// What forbids to follow `href`, as the end of a sentence that begins with it ("is absolute"); nothing when it can
/// only name what lies beside the descriptor or below. Looks at the text as it is and with its percent signs decoded.
/// The view is of a constant.
std::optional<std::string_view> href_fault(std::string_view href);

/// With each %XX as the byte that it stands for. A percent sign without two hex digits is kept.
std::string decoded_href(std::string_view href);

}  // namespace varve::appliance
