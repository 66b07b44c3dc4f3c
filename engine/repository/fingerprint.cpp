#include "engine/repository/fingerprint.h"

// The function that takes a seed and a prepared secret is in the header-only part of the library.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace varve {

Fingerprinter::Fingerprinter(std::uint64_t seed) : seed_(seed) {
    static_assert(secret_bytes == XXH3_SECRET_DEFAULT_SIZE);
    XXH3_generateSecret_fromSeed(secret_.data(), seed);
}

Fingerprint Fingerprinter::of(ByteView bytes) const {
    const XXH128_hash_t hash =
        XXH3_128bits_withSecretandSeed(bytes.data(), bytes.size(), secret_.data(), secret_.size(), seed_);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    Fingerprint fingerprint;
    std::memcpy(fingerprint.bytes.data(), canonical.digest, fingerprint.bytes.size());
    return fingerprint;
}

}  // namespace varve
