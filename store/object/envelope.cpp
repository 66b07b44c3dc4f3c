#include "store/object/envelope.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/hex.h"

namespace varve {
namespace {

constexpr std::uint16_t envelope_version = 1;
constexpr std::size_t head_bytes = 80;
constexpr std::size_t salt_nonce_and_reserved_bytes = 32 + 12 + 4;
constexpr std::size_t tag_and_signature_bytes = 16 + 64;
static_assert(head_bytes + tag_and_signature_bytes + sha256_bytes == envelope_extra_bytes);

/// Checks what every envelope version has, before trusting anything else: the magic, and the digest at the end.
void check_whole(ByteReader& from, ByteView bytes, std::string_view magic) {
    if (bytes.size() < envelope_extra_bytes)
        from.fail(fmt::format("expected at least {} bytes, found {}", envelope_extra_bytes, bytes.size()));
    if (text_of(from.take(magic.size())) != magic) from.fail(fmt::format("expected the magic {}", magic));
    const Digest expected = sha256(bytes.first(bytes.size() - sha256_bytes));
    const ByteView found = bytes.last(sha256_bytes);
    if (!std::equal(found.begin(), found.end(), expected.bytes.begin()))
        from.fail(fmt::format("damaged: its bytes have digest {}, expected {} according to its end",
                              to_hex(expected.view()), to_hex(found)));
}

}  // namespace

Bytes seal_envelope(std::string_view magic, const RepositoryId& repository, ByteView body) {
    if (body.size() > envelope_body_bytes_max)
        throw Error(ErrorCode::usage,
                    fmt::format("a body of {} bytes is too long: at most {}", body.size(), envelope_body_bytes_max));
    ByteWriter to;
    to.append(bytes_of(magic));
    to.u16le(envelope_version);
    to.u16le(0);
    to.u32le(static_cast<std::uint32_t>(body.size()));
    to.append(repository.view());
    to.zeros(salt_nonce_and_reserved_bytes);
    to.append(body);
    to.zeros(tag_and_signature_bytes);
    to.append(sha256(to.view()).view());
    return to.release();
}

Envelope open_envelope(ByteView bytes, std::string_view magic, const std::string& object) {
    ByteReader from(bytes, object);
    check_whole(from, bytes, magic);
    if (const std::uint16_t version = from.u16le(); version != envelope_version)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("{}: expected envelope version {}, found {}: written by a newer varve; use that version",
                        object, envelope_version, version));
    if (const std::uint16_t cipher = from.u16le(); cipher != 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} is encrypted (cipher {}); this version cannot read it", object, cipher));
    const std::uint32_t body_bytes = from.u32le();
    if (body_bytes > envelope_body_bytes_max || body_bytes + envelope_extra_bytes != bytes.size())
        from.fail(
            fmt::format("expected a body of {} bytes, found {}", bytes.size() - envelope_extra_bytes, body_bytes));
    Envelope envelope;
    envelope.repository.bytes = from.array<16>();
    from.skip(salt_nonce_and_reserved_bytes);
    envelope.body = from.take(body_bytes);
    return envelope;
}

}  // namespace varve
