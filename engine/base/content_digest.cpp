#include "engine/base/content_digest.h"

#include <array>

#include <openssl/evp.h>

#include "engine/base/check.h"

namespace varve {
namespace {

struct Method {
    const char* name;
    std::size_t bytes;
};

constexpr std::array methods{Method{"SHA1", 20}, Method{"SHA256", 32}, Method{"SHA512", 64}};

const Method& method_of(DigestAlgorithm algorithm) { return methods.at(static_cast<std::size_t>(algorithm)); }

}  // namespace

std::string_view name_of(DigestAlgorithm algorithm) { return method_of(algorithm).name; }

std::size_t digest_bytes(DigestAlgorithm algorithm) { return method_of(algorithm).bytes; }

struct ContentDigest::State {
    explicit State(DigestAlgorithm chosen)
        : algorithm(chosen), method(EVP_MD_fetch(nullptr, method_of(chosen).name, nullptr)), context(EVP_MD_CTX_new()) {
        VARVE_CHECK(method != nullptr && context != nullptr);
        VARVE_CHECK(EVP_DigestInit_ex(context, method, nullptr) == 1);
    }
    ~State() {
        EVP_MD_CTX_free(context);
        EVP_MD_free(method);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    DigestAlgorithm algorithm;
    EVP_MD* method;
    EVP_MD_CTX* context;
};

ContentDigest::ContentDigest(DigestAlgorithm algorithm) : state_(std::make_unique<State>(algorithm)) {}
ContentDigest::~ContentDigest() = default;
ContentDigest::ContentDigest(ContentDigest&&) noexcept = default;
ContentDigest& ContentDigest::operator=(ContentDigest&&) noexcept = default;

DigestAlgorithm ContentDigest::algorithm() const { return state_->algorithm; }

void ContentDigest::update(ByteView bytes) {
    VARVE_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Bytes ContentDigest::finish() {
    Bytes digest(digest_bytes(state_->algorithm));
    unsigned int length = 0;
    VARVE_CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), &length) == 1 &&
                length == digest.size());
    VARVE_CHECK(EVP_DigestInit_ex(state_->context, state_->method, nullptr) == 1);
    return digest;
}

}  // namespace varve
