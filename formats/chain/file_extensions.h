#pragma once
/// Ranks file names by their extensions.

#include <cstddef>
#include <span>
#include <string_view>

namespace varve {

/// The index in `extensions` (lower case: ".vdi") of the first one that `name` has, in either case; their number if it
/// has none.
std::size_t extension_rank(std::string_view name, std::span<const std::string_view> extensions);

}  // namespace varve
