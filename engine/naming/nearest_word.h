#pragma once
/// Suggests a word for a mistyped one.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace varve {

/// The word of `known` that is nearest to `typed`, if it is near: swapped, missing, extra or wrong letters.
std::optional<std::string> nearest_word(std::string_view typed, std::span<const std::string> known);

}  // namespace varve
