#include "engine/base/digest.h"

#include <openssl/evp.h>

#include "engine/base/check.h"

namespace varve {
namespace {

const EVP_MD* sha256_method() {
    static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    VARVE_CHECK(method != nullptr);
    return method;
}

}  // namespace

struct Sha256::State {
    State() : context(EVP_MD_CTX_new()) {
        VARVE_CHECK(context != nullptr && EVP_DigestInit_ex(context, sha256_method(), nullptr) == 1);
    }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) { VARVE_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1); }

Digest Sha256::finish() {
    Digest digest;
    unsigned int length = 0;
    VARVE_CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.bytes.data()), &length) ==
                    1 &&
                length == digest.bytes.size());
    VARVE_CHECK(EVP_DigestInit_ex(state_->context, sha256_method(), nullptr) == 1);
    return digest;
}

Digest sha256(ByteView bytes) {
    thread_local Sha256 hasher;
    hasher.update(bytes);
    return hasher.finish();
}

}  // namespace varve
