#pragma once
/// Guesses what a mistyped word was meant to be.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace varve {

/// The word of `known` that `typed` differs from least, if it differs little: swapped, missing, extra or wrong letters.
std::optional<std::string> nearest_word(std::string_view typed, std::span<const std::string> known);

}  // namespace varve
