#pragma once
/// Views of raw bytes, and the only way to read or write integers in an on-disk format: the call names the byte order,
/// and no struct is cast. All functions are pure and safe from any thread.

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace varve {

using ByteView = std::span<const std::byte>;
using ByteSpan = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

inline ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

inline std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The little-endian integer in the first sizeof(T) bytes of `from`; the caller has checked that they exist.
template <std::unsigned_integral T>
T load_le(ByteView from) {
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = static_cast<T>((value << (sizeof(T) > 1 ? 8 : 0)) | std::to_integer<T>(from[i]));
    return value;
}

template <std::unsigned_integral T>
T load_be(ByteView from) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>((value << (sizeof(T) > 1 ? 8 : 0)) | std::to_integer<T>(from[i]));
    return value;
}

template <std::unsigned_integral T>
void store_le(ByteSpan to, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

template <std::unsigned_integral T>
void store_be(ByteSpan to, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        to[sizeof(T) - 1 - i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

/// Whether every byte is zero (true for an empty view). Runs at memory speed.
inline bool is_zero(ByteView bytes) {
    return bytes.empty() ||
           (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace varve
