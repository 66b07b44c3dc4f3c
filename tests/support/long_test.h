#pragma once
/// How much of a long test is run. The plain build runs all of it. A sanitizer looks for faults of the code and not of
/// the answers, at a tenth of the speed: a part is enough.

#include <concepts>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define VARVE_TEST_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VARVE_TEST_SANITIZED
#endif

namespace varve {

#ifdef VARVE_TEST_SANITIZED
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// How many of `all` random rounds to run.
template <std::integral T>
constexpr T test_rounds(T all) {
    return is_sanitized ? (all + 3) / 4 : all;
}

/// From one place where something fails to the next: every place, or every third.
inline constexpr std::uint64_t test_place_step = is_sanitized ? 3 : 1;

}  // namespace varve
