#pragma once
/// Sizes and ranges as a user types them. Suffixes are powers of 1024 everywhere in the program. Pure functions.

#include <string_view>

#include "engine/base/units.h"

namespace varve {

/// "4096", "0x1000", "64K", "1m": decimal or hexadecimal, then nothing or one of K, M, G, T. Throws Error(usage) for
/// anything else and for 2^64 or more.
ByteCount parse_byte_size(std::string_view text);

/// "OFF+LEN", both as above, LEN not 0, the end below 2^64. Throws Error(usage).
ByteRange parse_byte_range(std::string_view text);

}  // namespace varve
