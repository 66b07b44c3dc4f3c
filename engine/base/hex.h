#pragma once
/// Converts bytes to lower-case hexadecimal text and back.

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

std::string to_hex(ByteView bytes);

/// Fills `out` from exactly 2 × out.size() hex digits of either case; false, with `out` unspecified, for anything else.
bool from_hex(std::string_view text, ByteSpan out);

}  // namespace varve
