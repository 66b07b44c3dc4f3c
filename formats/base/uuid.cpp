#include "formats/base/uuid.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/hex.h"
#include "engine/base/random.h"

namespace varve {
namespace {

constexpr std::size_t version_byte = 7;  // on disk: the high byte of the third field
constexpr std::size_t variant_byte = 8;
constexpr std::array<std::size_t, 4> dashes{8, 13, 18, 23};
constexpr std::size_t text_length = 36;

/// Converts between the order on disk and that of the text: reverses the fields of 4, 2 and 2 bytes.
std::array<std::byte, 16> turned(std::array<std::byte, 16> bytes) {
    std::reverse(bytes.begin(), bytes.begin() + 4);
    std::reverse(bytes.begin() + 4, bytes.begin() + 6);
    std::reverse(bytes.begin() + 6, bytes.begin() + 8);
    return bytes;
}

/// Makes any 16 bytes a UUID of RFC 4122's version 4.
void mark_version(Uuid& uuid) {
    uuid.bytes[version_byte] = (uuid.bytes[version_byte] & std::byte{0x0f}) | std::byte{0x40};
    uuid.bytes[variant_byte] = (uuid.bytes[variant_byte] & std::byte{0x3f}) | std::byte{0x80};
}

}  // namespace

Uuid Uuid::make_random() {
    Uuid uuid;
    random_bytes(uuid.bytes);
    mark_version(uuid);
    return uuid;
}

Uuid Uuid::derived(std::string_view purpose) const {
    Sha256 hash;
    hash.update(bytes_of(purpose));
    hash.update(bytes);
    const Digest digest = hash.finish();
    Uuid uuid;
    std::copy_n(digest.bytes.begin(), uuid.bytes.size(), uuid.bytes.begin());
    mark_version(uuid);
    return uuid;
}

std::string Uuid::text() const {
    std::string text = to_hex(turned(bytes));
    for (const std::size_t dash : dashes) text.insert(dash, 1, '-');
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() == text_length + 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text_length);
    if (text.size() != text_length) return std::nullopt;
    std::string digits(text);
    for (std::size_t i = dashes.size(); i-- > 0;) {
        if (digits[dashes[i]] != '-') return std::nullopt;
        digits.erase(dashes[i], 1);
    }
    Uuid uuid;
    if (!from_hex(digits, uuid.bytes)) return std::nullopt;
    uuid.bytes = turned(uuid.bytes);
    return uuid;
}

}  // namespace varve
