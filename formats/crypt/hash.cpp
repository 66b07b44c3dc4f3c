#include "formats/crypt/hash.h"

#include <openssl/evp.h>
#include <array>
#include <memory>

#include "engine/base/check.h"

namespace varve::crypt {
namespace {

struct KnownHash {
    std::string_view name;
    const EVP_MD* (*digest)();
};

/// In the order of the enumeration.
constexpr std::array known_hashes{KnownHash{"sha1", EVP_sha1}, KnownHash{"sha224", EVP_sha224},
                                  KnownHash{"sha256", EVP_sha256}, KnownHash{"sha384", EVP_sha384},
                                  KnownHash{"sha512", EVP_sha512}};

const EVP_MD* digest_of(Hash hash) { return known_hashes[static_cast<std::size_t>(hash)].digest(); }

const unsigned char* raw(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(ByteSpan bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

std::optional<Hash> parse_hash(std::string_view name) {
    for (std::size_t i = 0; i < known_hashes.size(); ++i)
        if (known_hashes[i].name == name) return static_cast<Hash>(i);
    return std::nullopt;
}

std::size_t hash_bytes(Hash hash) { return static_cast<std::size_t>(EVP_MD_get_size(digest_of(hash))); }

void hash_of(Hash hash, std::initializer_list<ByteView> parts, ByteSpan out) {
    VARVE_CHECK(out.size() == hash_bytes(hash));
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    VARVE_CHECK(context && EVP_DigestInit_ex(context.get(), digest_of(hash), nullptr) == 1);
    for (const ByteView part : parts) VARVE_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
    VARVE_CHECK(EVP_DigestFinal_ex(context.get(), raw(out), nullptr) == 1);
}

void derive_key(Hash hash, ByteView secret, ByteView salt, std::uint32_t iterations, ByteSpan out) {
    VARVE_CHECK(iterations > 0 && iterations <= 0x7fffffff);
    VARVE_CHECK(PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(secret.data()), static_cast<int>(secret.size()),
                                  raw(salt), static_cast<int>(salt.size()), static_cast<int>(iterations),
                                  digest_of(hash), static_cast<int>(out.size()), raw(out)) == 1);
}

}  // namespace varve::crypt
