#include "formats/crypt/luks_header.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"

namespace varve::crypt {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "LUKS\xba\xbe"sv;
constexpr std::uint16_t version_read = 1;
constexpr std::size_t name_bytes = 32;
constexpr std::size_t uuid_bytes = 40;
constexpr std::uint32_t slot_active = 0x00ac71f3;
constexpr std::uint32_t slot_inactive = 0x0000dead;
constexpr std::uint32_t stripes_max = 65'536;  // cryptsetup and QEMU write 4,000

// Where the fields are, for error texts.
constexpr std::uint64_t iterations_at = 164;
constexpr std::uint64_t slots_at = 208;
constexpr std::uint64_t slot_bytes = 48;

std::string text_field(ByteReader& in, std::size_t length) {
    const std::string_view field = text_of(in.take(length));
    return std::string(field.substr(0, field.find('\0')));
}

/// The text and NULs.
template <std::size_t length>
std::array<std::byte, length> padded(std::string_view text) {
    VARVE_CHECK(text.size() < length);
    std::array<std::byte, length> field{};
    std::ranges::copy(bytes_of(text), field.begin());
    return field;
}

Error bad_field(const ByteSource& source, ByteOffset at, const std::string& what) {
    return Error(ErrorCode::corrupt, fmt::format("{}: {}; the LUKS header is damaged, restore it from its backup "
                                                 "('cryptsetup luksHeaderRestore')",
                                                 source.place(at), what));
}

void check_magic(const ByteSource& source, ByteOffset at, std::string_view start) {
    if (!start.starts_with(magic))
        throw bad_field(source, at, "expected the magic of a LUKS header, found other bytes");
    if (is_luks(start, 2))
        throw Error(
            ErrorCode::unsupported,
            fmt::format("'{}' is encrypted by LUKS version 2, and this version of varve reads version 1; convert "
                        "a copy of its header with 'cryptsetup convert --type luks1', or pass --format raw to "
                        "take the encrypted bytes as they are",
                        source.name()));
    if (!is_luks(start, version_read))
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: expected version 1 of LUKS, found {}", source.place(at + ByteCount{magic.size()}),
                                load_be<std::uint16_t>(bytes_of(start.substr(magic.size())))));
}

/// Why the slot cannot hold a key; empty if it can.
std::string problem_of(const LuksSlot& slot, std::size_t key_bytes, ByteRange place) {
    if (slot.iterations == 0 || slot.iterations > 0x7fffffff)
        return fmt::format("expected 1 to {} iterations, found {}", 0x7fffffff, slot.iterations);
    if (slot.stripe_count == 0 || slot.stripe_count > stripes_max)
        return fmt::format("expected 1 to {} stripes, found {}", stripes_max, slot.stripe_count);
    const std::uint64_t end = slot.stripes.value + key_bytes * slot.stripe_count;
    if (slot.stripes.value < luks_header_bytes || end > place.length.value)
        return fmt::format(
            "expected {} bytes of stripes behind the header and within the {} bytes of its place, found "
            "them at byte {}",
            key_bytes * slot.stripe_count, place.length.value, slot.stripes.value);
    return {};
}

LuksSlot parse_slot(const ByteSource& source, ByteReader& in, std::size_t key_bytes, ByteRange place, ByteOffset at) {
    LuksSlot slot;
    const std::uint32_t state = in.u32be();
    slot.is_active = state == slot_active;
    slot.iterations = in.u32be();
    slot.salt = in.array<luks_salt_bytes>();
    slot.stripes = ByteOffset{std::uint64_t{in.u32be()} * cipher_sector_bytes};
    slot.stripe_count = in.u32be();
    if (!slot.is_active && state != slot_inactive) {
        slot.is_active = true;
        slot.problem = fmt::format("{}: expected the state {:#x} or {:#x}, found {:#x}", source.place(at), slot_active,
                                   slot_inactive, state);
    } else if (const std::string problem = problem_of(slot, key_bytes, place); slot.is_active && !problem.empty()) {
        slot.problem = fmt::format("{}: {}", source.place(at), problem);
    }
    return slot;
}

void parse_cipher_and_hash(const ByteSource& source, LuksHeader& header, const std::string& cipher,
                           const std::string& mode, const std::string& hash, std::uint32_t key_bytes) {
    const auto spec = parse_cipher(cipher, mode, key_bytes);
    if (!spec)
        throw unsupported_image(source,
                                fmt::format("the cipher {}-{} with a key of {} bytes", cipher, mode, key_bytes));
    header.cipher = *spec;
    const auto known = parse_hash(hash);
    if (!known) throw unsupported_image(source, fmt::format("the hash {} for its LUKS keys", hash));
    header.hash = *known;
}

}  // namespace

bool is_luks(std::string_view start, std::uint16_t version) {
    return start.starts_with(magic) && start.size() >= magic.size() + 2 &&
           load_be<std::uint16_t>(bytes_of(start.substr(magic.size()))) == version;
}

LuksHeader read_luks_header(const ByteSource& source, ByteRange place) {
    std::array<std::byte, luks_header_bytes> start{};
    const std::size_t wanted = std::min<std::size_t>(start.size(), place.length.value);
    if (read_some(source, place.begin, ByteSpan(start).first(wanted)) < start.size())
        throw bad_field(source, place.begin,
                        fmt::format("expected a LUKS header of {} bytes, found the end before it", luks_header_bytes));
    check_magic(source, place.begin, text_of(start));
    ByteReader in(start, fmt::format("'{}': LUKS header", source.name()));
    in.skip(magic.size() + 2);
    LuksHeader header;
    const std::string cipher = text_field(in, name_bytes);
    const std::string mode = text_field(in, name_bytes);
    const std::string hash = text_field(in, name_bytes);
    header.payload = ByteOffset{std::uint64_t{in.u32be()} * cipher_sector_bytes};
    parse_cipher_and_hash(source, header, cipher, mode, hash, in.u32be());
    header.digest = in.array<luks_digest_bytes>();
    header.salt = in.array<luks_salt_bytes>();
    header.iterations = in.u32be();
    if (header.iterations == 0 || header.iterations > 0x7fffffff)
        throw bad_field(source, place.begin + ByteCount{iterations_at},
                        fmt::format("expected 1 to {} iterations, found {}", 0x7fffffff, header.iterations));
    header.uuid = text_field(in, uuid_bytes);
    for (std::size_t i = 0; i < luks_slots; ++i)
        header.slots[i] =
            parse_slot(source, in, header.cipher.key_bytes, place, place.begin + ByteCount{slots_at + i * slot_bytes});
    return header;
}

Bytes encode_luks_header(const LuksHeader& header) {
    VARVE_CHECK(header.cipher.mode == CipherMode::xts && header.cipher.iv == IvMode::plain64 &&
                header.hash == Hash::sha256);
    ByteWriter out;
    out.append(bytes_of(magic));
    out.u16be(version_read);
    out.append(padded<name_bytes>("aes"));
    out.append(padded<name_bytes>("xts-plain64"));
    out.append(padded<name_bytes>("sha256"));
    out.u32be(static_cast<std::uint32_t>(header.payload.value / cipher_sector_bytes));
    out.u32be(static_cast<std::uint32_t>(header.cipher.key_bytes));
    out.append(header.digest);
    out.append(header.salt);
    out.u32be(header.iterations);
    out.append(padded<uuid_bytes>(header.uuid));
    for (const LuksSlot& slot : header.slots) {
        out.u32be(slot.is_active ? slot_active : slot_inactive);
        out.u32be(slot.iterations);
        out.append(slot.salt);
        out.u32be(static_cast<std::uint32_t>(slot.stripes.value / cipher_sector_bytes));
        out.u32be(slot.stripe_count);
    }
    VARVE_CHECK(out.size() == luks_header_bytes);
    return out.release();
}

}  // namespace varve::crypt
