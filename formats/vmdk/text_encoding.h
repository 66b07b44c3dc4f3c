#pragma once
/// Names in the encodings that descriptors declare ("encoding=GBK"): those of the Windows host that wrote them.
/// Converted by the C library's iconv.

#include <optional>
#include <string>

namespace varve::vmdk {

/// `text` as UTF-8; nothing if it is plain ASCII or no encoding is declared, if the encoding is UTF-8 or unknown here,
/// or if the text is not valid in it.
std::optional<std::string> to_utf8(const std::string& text, const std::string& encoding);

}  // namespace varve::vmdk
