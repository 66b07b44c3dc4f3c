#include "formats/crypt/sector_cipher.h"

#include <openssl/evp.h>
#include <array>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve::crypt {
namespace {

constexpr std::size_t iv_bytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

enum class Direction : int { decrypt = 0, encrypt = 1 };

unsigned char* raw(ByteSpan bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
const unsigned char* raw(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

/// Null for a length of key that AES does not have.
const EVP_CIPHER* aes_cbc(std::size_t key_bytes) {
    return key_bytes == 16   ? EVP_aes_128_cbc()
           : key_bytes == 24 ? EVP_aes_192_cbc()
           : key_bytes == 32 ? EVP_aes_256_cbc()
                             : nullptr;
}

const EVP_CIPHER* aes_xts(std::size_t key_bytes) {
    return key_bytes == 32 ? EVP_aes_128_xts() : key_bytes == 64 ? EVP_aes_256_xts() : nullptr;
}

const EVP_CIPHER* aes_ecb(std::size_t key_bytes) {
    return key_bytes == 16   ? EVP_aes_128_ecb()
           : key_bytes == 24 ? EVP_aes_192_ecb()
           : key_bytes == 32 ? EVP_aes_256_ecb()
                             : nullptr;
}

const EVP_CIPHER* cipher_of(CipherMode mode, std::size_t key_bytes) {
    return mode == CipherMode::xts ? aes_xts(key_bytes) : aes_cbc(key_bytes);
}

Context new_context(const EVP_CIPHER* cipher, ByteView key, Direction direction) {
    Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    VARVE_CHECK(context);
    if (EVP_CipherInit_ex(context.get(), cipher, nullptr, raw(key), nullptr, static_cast<int>(direction)) != 1)
        throw Error(ErrorCode::corrupt, "the image's key is not a valid key of its cipher");
    EVP_CIPHER_CTX_set_padding(context.get(), 0);
    return context;
}

/// A context of its own for each call, because a context holds the state of one encryption.
Context copy_of(const Context& context) {
    Context copy(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    VARVE_CHECK(copy && EVP_CIPHER_CTX_copy(copy.get(), context.get()) == 1);
    return copy;
}

void update(EVP_CIPHER_CTX* context, ByteSpan block) {
    int length = 0;
    VARVE_CHECK(EVP_CipherUpdate(context, raw(block), &length, raw(ByteView(block)), static_cast<int>(block.size())) ==
                1);
    VARVE_CHECK(static_cast<std::size_t>(length) == block.size());
}

std::string_view mode_name(CipherMode mode) { return mode == CipherMode::xts ? "xts" : "cbc"; }

std::string_view iv_name(IvMode iv) {
    switch (iv) {
        case IvMode::plain:
            return "plain";
        case IvMode::plain64:
            return "plain64";
        case IvMode::essiv:
            return "essiv";
    }
    return {};
}

std::optional<IvMode> parse_iv(std::string_view name) {
    for (const IvMode iv : {IvMode::plain, IvMode::plain64, IvMode::essiv})
        if (iv_name(iv) == name) return iv;
    return std::nullopt;
}

}  // namespace

std::string CipherSpec::text() const {
    return fmt::format("aes-{}-{}-{}", key_bytes * 8 / (mode == CipherMode::xts ? 2 : 1), mode_name(mode), iv_name(iv));
}

std::optional<CipherSpec> parse_cipher(std::string_view cipher, std::string_view mode, std::size_t key_bytes) {
    const std::size_t dash = mode.find('-');
    if (cipher != "aes" || dash == mode.npos) return std::nullopt;
    const std::string_view iv_text = mode.substr(dash + 1);
    const std::size_t colon = iv_text.find(':');
    const auto iv = parse_iv(iv_text.substr(0, colon));
    if (!iv || (*iv == IvMode::essiv) != (colon != iv_text.npos)) return std::nullopt;
    CipherSpec spec;
    if (mode.substr(0, dash) != "xts" && mode.substr(0, dash) != "cbc") return std::nullopt;
    spec.mode = mode.starts_with("xts") ? CipherMode::xts : CipherMode::cbc;
    spec.iv = *iv;
    spec.key_bytes = key_bytes;
    if (cipher_of(spec.mode, key_bytes) == nullptr) return std::nullopt;
    if (*iv != IvMode::essiv) return spec;
    const auto hash = parse_hash(iv_text.substr(colon + 1));
    if (!hash || aes_ecb(hash_bytes(*hash)) == nullptr) return std::nullopt;
    spec.essiv_hash = *hash;
    return spec;
}

class SectorCipher::State {
public:
    State(const CipherSpec& spec, ByteView key)
        : iv_(spec.iv),
          decrypt_(new_context(cipher_of(spec.mode, spec.key_bytes), key, Direction::decrypt)),
          encrypt_(new_context(cipher_of(spec.mode, spec.key_bytes), key, Direction::encrypt)),
          essiv_(nullptr, EVP_CIPHER_CTX_free) {
        if (spec.iv != IvMode::essiv) return;
        KeyBytes iv_key(hash_bytes(spec.essiv_hash));
        hash_of(spec.essiv_hash, {key}, iv_key);
        essiv_ = new_context(aes_ecb(iv_key.size()), iv_key, Direction::encrypt);
    }

    void run(Direction direction, std::uint64_t sector, ByteSpan sectors) const {
        VARVE_CHECK(sectors.size() % cipher_sector_bytes == 0);
        const Context context = copy_of(direction == Direction::decrypt ? decrypt_ : encrypt_);
        const Context essiv = essiv_ ? copy_of(essiv_) : Context(nullptr, EVP_CIPHER_CTX_free);
        for (; !sectors.empty(); sectors = sectors.subspan(cipher_sector_bytes)) {
            const std::array<std::byte, iv_bytes> iv = iv_of(sector++, essiv);
            VARVE_CHECK(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, raw(ByteView(iv)),
                                          static_cast<int>(direction)) == 1);
            update(context.get(), sectors.first(cipher_sector_bytes));
        }
    }

private:
    std::array<std::byte, iv_bytes> iv_of(std::uint64_t sector, const Context& essiv) const {
        std::array<std::byte, iv_bytes> iv{};
        if (iv_ == IvMode::plain) sector &= 0xffffffff;
        store_le<std::uint64_t>(iv, sector);
        if (essiv) update(essiv.get(), iv);
        return iv;
    }

    IvMode iv_;
    Context decrypt_;
    Context encrypt_;
    Context essiv_;
};

SectorCipher::SectorCipher(const CipherSpec& spec, ByteView key) {
    VARVE_CHECK(key.size() == spec.key_bytes);
    state_ = std::make_unique<const State>(spec, key);
}

SectorCipher::~SectorCipher() = default;
SectorCipher::SectorCipher(SectorCipher&&) noexcept = default;
SectorCipher& SectorCipher::operator=(SectorCipher&&) noexcept = default;

void SectorCipher::decrypt(std::uint64_t first, ByteSpan sectors) const {
    state_->run(Direction::decrypt, first, sectors);
}

void SectorCipher::encrypt(std::uint64_t first, ByteSpan sectors) const {
    state_->run(Direction::encrypt, first, sectors);
}

}  // namespace varve::crypt
