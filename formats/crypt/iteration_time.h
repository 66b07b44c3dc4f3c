#pragma once
/// The creation option `iter-time` of encrypted images.

#include <chrono>
#include <optional>
#include <string_view>

namespace varve::crypt {

inline constexpr std::chrono::milliseconds default_iteration_time{2000};  ///< as in qemu-img and cryptsetup

/// 1 to 60,000 milliseconds; nothing for any other text.
std::optional<std::chrono::milliseconds> parse_iteration_time(std::string_view text);

}  // namespace varve::crypt
