#pragma once
/// How long a key derivation takes on this machine. An image may demand billions of iterations, and a derivation cannot
/// be interrupted, so that each is estimated before it starts. One thread at a time.

#include <chrono>
#include <cstdint>

#include "formats/crypt/hash.h"

namespace varve::crypt {

using Seconds = std::chrono::duration<double>;

/// The time that one iteration takes for `key_bytes` of key, measured in about 10 ms.
Seconds time_per_iteration(Hash hash, std::size_t key_bytes);

/// The iterations that take about `time`, at least 1000.
std::uint32_t iterations_in(Hash hash, std::size_t key_bytes, Seconds time);

/// The time that unlocking one image may take altogether.
class DerivationTime {
public:
    static constexpr Seconds limit{120};

    DerivationTime() : deadline_(std::chrono::steady_clock::now() + limit) {}

    /// The expected duration of the derivation if it would end after the limit; else nothing.
    std::optional<Seconds> excess(Hash hash, std::size_t key_bytes, std::uint32_t iterations) const;

private:
    std::chrono::time_point<std::chrono::steady_clock, Seconds> deadline_;
};

}  // namespace varve::crypt
