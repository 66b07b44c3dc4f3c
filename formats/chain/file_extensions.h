#pragma once
/// File names by how they end.

#include <cstddef>
#include <span>
#include <string_view>

namespace varve {

/// The place in `endings`, lower case, of the first one that `name` has, in whatever case; their number if it has none.
std::size_t ending_rank(std::string_view name, std::span<const std::string_view> endings);

}  // namespace varve
