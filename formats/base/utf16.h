#pragma once
/// Names in UTF-16, as Microsoft's disk formats record them: big-endian or little-endian, without a byte order mark.
/// Pure function.

#include <bit>
#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace varve {

/// `text` as UTF-8, up to its first NUL character. Nothing if it is not valid UTF-16: an odd number of bytes before the
/// NUL, or a surrogate without its other half.
std::optional<std::string> utf8_from_utf16(ByteView text, std::endian order);

}  // namespace varve
