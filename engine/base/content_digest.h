#pragma once
/// The digests with which other products vouch for the contents of files: SHA-1, SHA-256 or SHA-512, chosen when it
/// runs. What varve itself stands on is Sha256 of digest.h. Source: FIPS 180-4, by OpenSSL.

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

/// From the weakest to the strongest. SHA-1 tells damage, but not a forgery.
enum class DigestAlgorithm : std::uint8_t { sha1, sha256, sha512 };

/// "SHA1", "SHA256", "SHA512".
std::string_view name_of(DigestAlgorithm algorithm);
/// Length of a digest.
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
