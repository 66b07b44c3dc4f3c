#include "formats/manifest_digest.h"

#include <openssl/evp.h>

#include <array>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/hex.h"

namespace varve {
namespace {

const EVP_MD* method_of(ManifestDigest digest) {
    switch (digest) {
        case ManifestDigest::sha1:
            return EVP_sha1();
        case ManifestDigest::sha256:
            return EVP_sha256();
        case ManifestDigest::sha512:
            break;
    }
    return EVP_sha512();
}

}  // namespace

struct ManifestHash::State {
    explicit State(ManifestDigest digest) : context(EVP_MD_CTX_new()) {
        VARVE_CHECK(context != nullptr && EVP_DigestInit_ex(context, method_of(digest), nullptr) == 1);
    }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    EVP_MD_CTX* context;
};

std::string_view name_of(ManifestDigest digest) {
    switch (digest) {
        case ManifestDigest::sha1:
            return "SHA1";
        case ManifestDigest::sha256:
            return "SHA256";
        case ManifestDigest::sha512:
            break;
    }
    return "SHA512";
}

ManifestHash::ManifestHash(ManifestDigest digest) : state_(std::make_unique<State>(digest)) {}
ManifestHash::~ManifestHash() = default;
ManifestHash::ManifestHash(ManifestHash&&) noexcept = default;
ManifestHash& ManifestHash::operator=(ManifestHash&&) noexcept = default;

void ManifestHash::update(ByteView bytes) {
    VARVE_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string ManifestHash::finish() {
    std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    VARVE_CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), &length) == 1);
    return to_hex(ByteView(digest).first(length));
}

std::string manifest_line(ManifestDigest digest, std::string_view file, std::string_view hex) {
    return fmt::format("{}({})= {}\n", name_of(digest), file, hex);
}

std::size_t manifest_line_bytes(ManifestDigest digest, std::string_view file) {
    const auto digits = static_cast<std::size_t>(EVP_MD_get_size(method_of(digest))) * 2;
    return manifest_line(digest, file, "").size() + digits;
}

}  // namespace varve
