#pragma once
/// XXH3-128 of a chunk's padded bytes, seeded per repository: the cheap answer to "has it changed?". Not an identity:
/// only the chunk id decides what is equal across disks. Source: xxHash specification, XXH3 128 bits.

#include <array>
#include <compare>
#include <memory>

#include "engine/base/bytes.h"

namespace varve {

struct Fingerprint {
    std::array<std::byte, 16> bytes{};
    friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

/// Computes fingerprints for one repository. Immutable: safe from many threads.
class Fingerprinter {
public:
    explicit Fingerprinter(std::uint64_t seed);
    Fingerprint of(ByteView bytes) const;

private:
    static constexpr std::size_t secret_bytes = 192;  // XXH3_SECRET_DEFAULT_SIZE, checked in the .cpp
    std::uint64_t seed_;
    std::array<std::byte, secret_bytes> secret_;
};

}  // namespace varve
