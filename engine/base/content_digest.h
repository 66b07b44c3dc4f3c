#pragma once
/// The digests that other products use to vouch for file contents: SHA-1, SHA-256 or SHA-512, chosen at run time.
/// varve itself relies on Sha256 in digest.h. Source: FIPS 180-4, by OpenSSL.

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

/// From the weakest to the strongest. SHA-1 detects damage, but not forgery.
enum class DigestAlgorithm : std::uint8_t { sha1, sha256, sha512 };

/// "SHA1", "SHA256", "SHA512".
std::string_view name_of(DigestAlgorithm algorithm);
/// Length of a digest of this algorithm.
std::size_t digest_bytes(DigestAlgorithm algorithm);

/// Hashes a stream of views. Not shared between threads; reusable after finish().
class ContentDigest {
public:
    explicit ContentDigest(DigestAlgorithm algorithm);
    ~ContentDigest();
    ContentDigest(ContentDigest&&) noexcept;
    ContentDigest& operator=(ContentDigest&&) noexcept;

    DigestAlgorithm algorithm() const;
    void update(ByteView bytes);
    /// The digest of all updates since construction or the last finish(); starts afresh.
    Bytes finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace varve
