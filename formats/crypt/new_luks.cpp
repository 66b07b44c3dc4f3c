#include "formats/crypt/new_luks.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/random.h"
#include "formats/base/uuid.h"
#include "formats/crypt/anti_forensic.h"
#include "formats/crypt/derivation_time.h"

namespace varve::crypt {
namespace {

constexpr std::uint32_t stripe_count = 4000;
constexpr std::size_t slots_begin = 4096;
constexpr std::size_t slot_alignment = 4096;
constexpr double digest_share = 0.125;  // of the iterations, as cryptsetup and QEMU do it
constexpr std::uint32_t digest_iterations_min = 1000;

void place_slots(LuksHeader& header) {
    std::size_t at = slots_begin;
    for (LuksSlot& slot : header.slots) {
        slot.stripes = ByteOffset{at};
        slot.stripe_count = stripe_count;
        at += divide_up(header.cipher.key_bytes * stripe_count, slot_alignment) * slot_alignment;
    }
    VARVE_CHECK(at <= new_luks_head_bytes.value);
}

/// The stripes of `key`, encrypted with what the secret gives.
KeyBytes sealed_stripes(const LuksHeader& header, const LuksSlot& slot, const SecretFile& secret, ByteView key) {
    KeyBytes slot_key(header.cipher.key_bytes);
    derive_key(header.hash, secret.bytes(), slot.salt, slot.iterations, slot_key);
    KeyBytes stripes = split_into_stripes(header.hash, key, slot.stripe_count);
    SectorCipher(header.cipher, slot_key).encrypt(0, stripes);
    return stripes;
}

}  // namespace

NewLuks make_luks(const SecretFile& secret, std::chrono::milliseconds iteration_time) {
    LuksHeader header;
    header.payload = ByteOffset{new_luks_head_bytes.value};
    header.uuid = Uuid::make_random().text();
    place_slots(header);
    KeyBytes key(header.cipher.key_bytes);
    random_bytes(key);
    LuksSlot& slot = header.slots.front();
    slot.is_active = true;
    slot.iterations = iterations_in(header.hash, key.size(), iteration_time);
    random_bytes(slot.salt);
    random_bytes(header.salt);
    header.iterations = std::max(digest_iterations_min, static_cast<std::uint32_t>(slot.iterations * digest_share));
    derive_key(header.hash, key, header.salt, header.iterations, header.digest);
    NewLuks luks{encode_luks_header(header), SectorCipher(header.cipher, key)};
    luks.head.resize(new_luks_head_bytes.value);
    std::ranges::copy(sealed_stripes(header, slot, secret, key),
                      luks.head.begin() + static_cast<std::ptrdiff_t>(slot.stripes.value));
    return luks;
}

}  // namespace varve::crypt
