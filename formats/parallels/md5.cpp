#include "formats/parallels/md5.h"

#include <openssl/evp.h>

#include "engine/base/check.h"

namespace varve::parallels {

namespace {

/// Null where only approved algorithms are allowed.
const EVP_MD* method() {
    static EVP_MD* const method = EVP_MD_fetch(nullptr, "MD5", nullptr);
    return method;
}

}  // namespace

struct Md5::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() { VARVE_CHECK(context != nullptr && EVP_DigestInit_ex(context, method(), nullptr) == 1); }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

bool Md5::is_available() { return method() != nullptr; }

Md5::Md5() : state_(std::make_unique<State>()) {}
Md5::~Md5() = default;

void Md5::update(ByteView bytes) { VARVE_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1); }

Md5::Sum Md5::finish() {
    Sum sum;
    unsigned int length = 0;
    VARVE_CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(sum.data()), &length) == 1 &&
                length == sum.size());
    return sum;
}

}  // namespace varve::parallels
