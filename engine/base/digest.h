#pragma once
/// SHA-256, and its 32-byte result. Source: FIPS 180-4, by OpenSSL.

#include <array>
#include <compare>
#include <memory>

#include "engine/base/bytes.h"

namespace varve {

inline constexpr std::size_t sha256_bytes = 32;

struct Digest {
    std::array<std::byte, sha256_bytes> bytes{};
    friend auto operator<=>(const Digest&, const Digest&) = default;
    ByteView view() const { return bytes; }
};

/// Hashes a stream of views. Not shared between threads; reusable after finish().
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(ByteView bytes);
    /// The digest of all updates since construction or the last finish(); starts afresh.
    Digest finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The digest of one view. Keeps one context per thread, so it does not allocate.
Digest sha256(ByteView bytes);

}  // namespace varve

template <>
struct std::hash<varve::Digest> {
    std::size_t operator()(const varve::Digest& d) const noexcept {
        return varve::load_le<std::uint64_t>(d.view().first(8));
    }
};
