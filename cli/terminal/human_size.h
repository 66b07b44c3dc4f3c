#pragma once
/// Sizes, rates and durations as people read them at a glance. Machines get plain numbers instead.

#include <cstdint>
#include <string>

#include "engine/base/units.h"

namespace varve {

/// "0 B", "512 B", "1.5 KiB", "64.0 MiB": three digits or more, binary units.
std::string human_size(ByteCount bytes);

/// "0.4 s", "12.3 s", "3:07 min", "2:05:09 h".
std::string human_seconds(double seconds);

/// "1", "12,345".
std::string human_count(std::uint64_t count);

/// "1 chunk", "2 chunks", "12,345 chunks".
std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace varve
