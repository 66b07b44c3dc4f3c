#include "formats/crypt/luks_key.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/crypt/anti_forensic.h"
#include "formats/crypt/derivation_time.h"

namespace varve::crypt {
namespace {

/// Tries the slots of one volume with one secret.
class Unlocking {
public:
    Unlocking(const ByteSource& source, ByteOffset begin, const LuksHeader& header, const SecretFile& secret)
        : source_(source), begin_(begin), header_(header), secret_(secret) {}

    KeyBytes run() {
        std::string problems;
        for (std::size_t i = 0; i < luks_slots; ++i) {
            const LuksSlot& slot = header_.slots[i];
            if (!slot.is_active) continue;
            if (!slot.problem.empty()) {
                problems += fmt::format("; key slot {} could not be tried: {}", i, slot.problem);
                continue;
            }
            if (auto key = key_in(i, slot)) return std::move(*key);
        }
        throw Error(ErrorCode::refused, fmt::format("the secret does not open '{}': it fits none of its key slots{}",
                                                    source_.name(), problems));
    }

private:
    std::optional<KeyBytes> key_in(std::size_t number, const LuksSlot& slot) {
        const std::size_t key_bytes = header_.cipher.key_bytes;
        KeyBytes slot_key(key_bytes);
        derive(fmt::format("key slot {}", number), secret_.bytes(), slot.salt, slot.iterations, slot_key);
        KeyBytes stripes(key_bytes * slot.stripe_count);
        source_.read_at(begin_ + (slot.stripes - ByteOffset{}), stripes);
        // Of AES-192 the last sector is only half used; neither mode lets the rest change what comes before it.
        stripes.resize(divide_up(stripes.size(), cipher_sector_bytes) * cipher_sector_bytes);
        SectorCipher(header_.cipher, slot_key).decrypt(0, stripes);
        stripes.resize(key_bytes * slot.stripe_count);
        KeyBytes key = merge_stripes(header_.hash, stripes, key_bytes);
        if (!is_master_key(key)) return std::nullopt;
        return key;
    }

    bool is_master_key(const KeyBytes& key) {
        std::array<std::byte, luks_digest_bytes> digest{};
        derive("the digest of the key", key, header_.salt, header_.iterations, digest);
        return digest == header_.digest;
    }

    void derive(const std::string& what, ByteView secret, ByteView salt, std::uint32_t iterations, ByteSpan key) {
        if (const auto needed = time_.excess(header_.hash, key.size(), iterations))
            throw Error(
                ErrorCode::refused,
                fmt::format("'{}' is not opened: {} demands {} iterations, about {:.0f} s on this machine, and "
                            "opening an image may take {:.0f} s; the header may be damaged or made to waste time",
                            source_.name(), what, iterations, needed->count(), DerivationTime::limit.count()));
        derive_key(header_.hash, secret, salt, iterations, key);
    }

    const ByteSource& source_;
    ByteOffset begin_;
    const LuksHeader& header_;
    const SecretFile& secret_;
    DerivationTime time_;
};

}  // namespace

KeyBytes unlock(const ByteSource& source, ByteOffset begin, const LuksHeader& header, const SecretFile& secret) {
    return Unlocking(source, begin, header, secret).run();
}

}  // namespace varve::crypt
