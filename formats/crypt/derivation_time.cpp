#include "formats/crypt/derivation_time.h"

#include <algorithm>
#include <limits>

namespace varve::crypt {
namespace {

constexpr std::uint32_t iterations_min = 1000;
constexpr std::uint32_t iterations_max = std::numeric_limits<std::int32_t>::max();
constexpr Seconds sample_time{0.01};

/// CPU time, which a busy machine does not stretch.
Seconds cpu_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

Seconds time_per_iteration(Hash hash, std::size_t key_bytes) {
    KeyBytes key(key_bytes);
    for (std::uint32_t iterations = iterations_min;; iterations *= 2) {
        const Seconds begin = cpu_time();
        derive_key(hash, bytes_of("sample"), bytes_of("salt"), iterations, key);
        const Seconds taken = cpu_time() - begin;
        if (taken >= sample_time || iterations > iterations_max / 4) return taken / iterations;
    }
}

std::uint32_t iterations_in(Hash hash, std::size_t key_bytes, Seconds time) {
    const double count = time / time_per_iteration(hash, key_bytes);
    return static_cast<std::uint32_t>(std::clamp(count, double{iterations_min}, double{iterations_max}));
}

std::optional<Seconds> DerivationTime::excess(Hash hash, std::size_t key_bytes, std::uint32_t iterations) const {
    const Seconds needed = time_per_iteration(hash, key_bytes) * iterations;
    if (Seconds(std::chrono::steady_clock::now().time_since_epoch()) + needed <= deadline_.time_since_epoch())
        return std::nullopt;
    return needed;
}

}  // namespace varve::crypt
