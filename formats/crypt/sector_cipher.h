#pragma once
/// AES over sectors of 512 bytes, each with its number as its initialisation vector: dm-crypt's scheme, which LUKS and
/// both kinds of encrypted qcow2 images use. Immutable; safe from many threads.
///
/// Sources: Linux drivers/md/dm-crypt.c (plain, plain64, essiv); IEEE 1619-2007 (XTS); qemu crypto/ivgen-*.c.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "formats/crypt/hash.h"

namespace varve::crypt {

inline constexpr std::size_t cipher_sector_bytes = 512;

enum class CipherMode : std::uint8_t { cbc, xts };

/// How the number of a sector becomes an initialisation vector.
enum class IvMode : std::uint8_t {
    plain,    ///< 32 bits, little-endian; wraps after 2 TiB
    plain64,  ///< 64 bits, little-endian
    essiv,    ///< 64 bits, encrypted with a hash of the key
};

struct CipherSpec {
    CipherMode mode = CipherMode::xts;
    IvMode iv = IvMode::plain64;
    Hash essiv_hash = Hash::sha256;
    std::size_t key_bytes = 64;  ///< xts: of both keys together

    /// "aes-256-xts-plain64"
    std::string text() const;
};

/// The cipher that a LUKS header names: "aes", "xts-plain64", and a key of so many bytes. Nothing for one that is not
/// read.
std::optional<CipherSpec> parse_cipher(std::string_view cipher, std::string_view mode, std::size_t key_bytes);

class SectorCipher {
public:
    /// `key` has spec.key_bytes. Throws Error(corrupt) for a key that the cipher forbids: XTS with two equal halves.
    SectorCipher(const CipherSpec& spec, ByteView key);
    ~SectorCipher();
    SectorCipher(SectorCipher&&) noexcept;
    SectorCipher& operator=(SectorCipher&&) noexcept;

    /// In place; `sectors` are whole ones, numbered from `first` on.
    void decrypt(std::uint64_t first, ByteSpan sectors) const;
    void encrypt(std::uint64_t first, ByteSpan sectors) const;

private:
    class State;
    std::unique_ptr<const State> state_;
};

}  // namespace varve::crypt
