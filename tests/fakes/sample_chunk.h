#pragma once
/// Chunks of generated guest data, the same for the same seed on every machine.

#include "engine/repository/chunk.h"
#include "engine/repository/fingerprint.h"

namespace varve {

/// Bytes that no compressor makes smaller.
inline Bytes random_sample(std::size_t length, std::uint64_t seed) {
    Bytes bytes(length);
    std::uint64_t state = seed * 0x9e3779b97f4a7c15ull + 0x1234567ull;
    for (std::byte& byte : bytes) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        byte = static_cast<std::byte>((state >> 24) & 0xff);
    }
    return bytes;
}

/// Bytes that compress to about a third: short random words, repeated.
inline Bytes compressible_sample(std::size_t length, std::uint64_t seed) {
    Bytes bytes = random_sample(length, seed);
    for (std::size_t i = 0; i + 12 <= length; i += 12)
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i / 12 % 16), 8,
                    bytes.begin() + static_cast<std::ptrdiff_t>(i));
    return bytes;
}

/// A chunk; every third one does not compress.
inline Bytes sample_chunk(std::uint64_t seed) {
    return seed % 3 == 0 ? random_sample(chunk_bytes, seed) : compressible_sample(chunk_bytes, seed);
}

inline constexpr std::uint64_t sample_fingerprint_seed = 42;

inline Fingerprint sample_fingerprint(ByteView chunk) { return Fingerprinter(sample_fingerprint_seed).of(chunk); }

}  // namespace varve
