#pragma once
/// Strong types for positions and lengths, so that an offset is never added to an offset nor a count passed for a
/// position. All are plain values. Arithmetic that could wrap on untrusted input goes through checked_add/checked_mul.

#include <compare>
#include <cstdint>
#include <optional>

namespace varve {

/// A length in bytes.
struct ByteCount {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(ByteCount, ByteCount) = default;
    friend constexpr ByteCount operator+(ByteCount a, ByteCount b) { return {a.value + b.value}; }
    friend constexpr ByteCount operator-(ByteCount a, ByteCount b) { return {a.value - b.value}; }
    constexpr ByteCount& operator+=(ByteCount b) {
        value += b.value;
        return *this;
    }
};

/// A position in bytes, in a guest disk or a file (the name says which).
struct ByteOffset {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(ByteOffset, ByteOffset) = default;
    friend constexpr ByteOffset operator+(ByteOffset a, ByteCount b) { return {a.value + b.value}; }
    friend constexpr ByteOffset operator-(ByteOffset a, ByteCount b) { return {a.value - b.value}; }
    friend constexpr ByteCount operator-(ByteOffset a, ByteOffset b) { return {a.value - b.value}; }
    constexpr ByteOffset& operator+=(ByteCount b) {
        value += b.value;
        return *this;
    }
};

/// The bytes [begin, begin + length).
struct ByteRange {
    ByteOffset begin;
    ByteCount length;
    constexpr ByteOffset end() const { return begin + length; }
    constexpr bool empty() const { return length.value == 0; }
    friend constexpr bool operator==(const ByteRange&, const ByteRange&) = default;
};

inline constexpr ByteCount kib(std::uint64_t n) { return {n << 10}; }
inline constexpr ByteCount mib(std::uint64_t n) { return {n << 20}; }

inline std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

inline std::optional<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}

inline constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t unit) {
    return a / unit + (a % unit != 0 ? 1 : 0);
}

}  // namespace varve
