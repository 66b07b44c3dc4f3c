#include "store/pack/pack_layout.h"

#include <limits>

#include <fmt/format.h>
#include <xxhash.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/repository/slot_record.h"

namespace varve {
namespace {

constexpr std::string_view pack_magic = "VARVEPAK";
constexpr std::string_view footer_magic = "VARVEEND";
constexpr std::uint16_t pack_version = 1;
constexpr std::uint16_t sealed_key_bytes_max = 512;
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t footer_bytes_before_checksum = 40;

/// XXH3-64 seeded with the pack id, so that frames of another pack, or inside guest data, do not match.
std::uint64_t checksum(ByteView bytes, const PackId& pack) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), load_le<std::uint64_t>(pack.view()));
}

/// The longest header that a frame can have: all slots of a pack, each with a base.
constexpr std::size_t frame_header_bytes_max = frame_header_bytes(0xffff, 0xffff);

void check_cipher(std::uint8_t cipher, const std::string& object) {
    if (cipher != 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} is encrypted (cipher {}); this version cannot read it", object, cipher));
}

}  // namespace

Bytes encode(const PackHeader& header) {
    ByteWriter to;
    to.append(bytes_of(pack_magic));
    to.u16le(pack_version);
    to.u8(static_cast<std::uint8_t>(header.kind));
    to.u8(0);
    to.u32le(header.header_bytes);
    to.append(header.repository.view());
    to.append(header.pack.view());
    to.zeros(pack_header_bytes - to.size());
    return to.release();
}

PackHeader parse_pack_header(ByteView bytes, const std::string& object) {
    ByteReader from(bytes, object);
    if (text_of(from.take(pack_magic.size())) != pack_magic)
        from.fail(fmt::format("expected the magic {} of a pack", pack_magic));
    if (const std::uint16_t version = from.u16le(); version != pack_version)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: expected pack version {}, found {}: written by a newer varve; use that version",
                                object, pack_version, version));
    PackHeader header;
    header.kind = parse_pack_kind(from);
    check_cipher(from.u8(), object);
    header.header_bytes = from.u32le();
    header.repository.bytes = from.array<16>();
    header.pack.bytes = from.array<16>();
    from.skip(32);
    const std::uint16_t key_bytes = from.u16le();
    if (key_bytes > sealed_key_bytes_max || header.header_bytes != pack_header_bytes + key_bytes)
        from.fail(fmt::format("expected a header of {} bytes with a key of {}, found {}", pack_header_bytes + key_bytes,
                              key_bytes, header.header_bytes));
    return header;
}

Bytes encode_tail(ByteView table, std::uint64_t table_offset, const PackId& pack) {
    ByteWriter to;
    to.append(table);
    to.u64le(table_offset);
    to.u32le(static_cast<std::uint32_t>(table.size()));
    to.u32le(0);
    to.append(pack.view());
    to.append(bytes_of(footer_magic));
    VARVE_CHECK(to.size() == table.size() + footer_bytes_before_checksum);
    to.u64le(checksum(to.view(), pack));
    return to.release();
}

PackFooter parse_pack_footer(ByteView bytes, std::uint64_t file_bytes, const std::string& object) {
    VARVE_CHECK(bytes.size() == pack_footer_bytes && file_bytes >= pack_header_bytes + pack_footer_bytes);
    ByteReader from(bytes, object + ", footer");
    PackFooter footer;
    footer.table_offset = from.u64le();
    footer.table_bytes = from.u32le();
    from.skip(4);
    footer.pack.bytes = from.array<16>();
    if (text_of(from.take(footer_magic.size())) != footer_magic)
        from.fail(
            fmt::format("expected the magic {} at the end of a pack: it is truncated or overwritten", footer_magic));
    footer.checksum = from.u64le();
    footer.digest.bytes = from.array<32>();
    if (footer.table_offset < pack_header_bytes || footer.table_offset > file_bytes - pack_footer_bytes ||
        footer.table_bytes != file_bytes - pack_footer_bytes - footer.table_offset)
        from.fail(fmt::format("expected a slot table that ends at offset {}, found {} bytes at offset {}",
                              file_bytes - pack_footer_bytes, footer.table_bytes, footer.table_offset));
    return footer;
}

void check_tail(const PackFooter& footer, ByteView tail, const std::string& object) {
    const std::uint64_t found = checksum(tail.first(tail.size() - checksum_bytes - sha256_bytes), footer.pack);
    if (found != footer.checksum)
        throw Error(ErrorCode::corrupt,
                    fmt::format("{}: the slot table at offset {} is damaged: expected checksum {:016x}, found {:016x}",
                                object, footer.table_offset, footer.checksum, found));
}

Bytes encode(const FrameHeader& header, const PackId& pack) {
    const Frame& frame = header.frame;
    VARVE_CHECK(frame.slot_count == header.slots.size() && frame.slot_count > 0 && frame.slot_count <= 0xffff);
    ByteWriter to;
    to.append(bytes_of(frame_magic));
    to.u32le(frame.header_bytes);
    to.u8(static_cast<std::uint8_t>(frame.codec));
    to.u8(0);
    to.u16le(static_cast<std::uint16_t>(frame.slot_count));
    to.u32le(header.ordinal);
    to.u32le(frame.first_slot);
    to.u32le(frame.plain_bytes);
    to.u32le(frame.stored_bytes);
    to.u32le(static_cast<std::uint32_t>(header.patch_bases.size()));
    for (const Slot& slot : header.slots) encode_slot(slot, to);
    for (const PatchBase& base : header.patch_bases) encode_patch_base(base, to);
    to.u64le(checksum(to.view(), pack));
    VARVE_CHECK(to.size() == frame.header_bytes);
    return to.release();
}

std::size_t frame_header_length(ByteView bytes) {
    if (bytes.size() < 8 || text_of(bytes.first(4)) != frame_magic) return 0;
    const std::size_t length = load_le<std::uint32_t>(bytes.subspan(4));
    return length >= frame_header_bytes(1, 0) && length <= frame_header_bytes_max ? length : 0;
}

FrameHeader parse_frame_header(ByteView bytes, const PackId& pack, const std::string& object) {
    ByteReader from(bytes, object);
    if (bytes.size() < frame_header_bytes(1, 0) || frame_header_length(bytes) != bytes.size())
        from.fail(fmt::format("expected a frame header of {} bytes", bytes.size()));
    if (load_le<std::uint64_t>(bytes.last(checksum_bytes)) !=
        checksum(bytes.first(bytes.size() - checksum_bytes), pack))
        from.fail("the frame header is damaged: its checksum does not match");
    from.skip(8);
    FrameHeader header;
    Frame& frame = header.frame;
    frame.header_bytes = static_cast<std::uint32_t>(bytes.size());
    frame.codec = parse_frame_codec(from);
    check_cipher(from.u8(), object);
    frame.slot_count = from.u16le();
    header.ordinal = from.u32le();
    frame.first_slot = from.u32le();
    frame.plain_bytes = from.u32le();
    frame.stored_bytes = from.u32le();
    const std::uint32_t base_count = from.u32le();
    if (base_count > frame.slot_count || frame.header_bytes != frame_header_bytes(frame.slot_count, base_count))
        from.fail(fmt::format("{} slots and {} patch bases do not make a header of {} bytes", frame.slot_count,
                              base_count, frame.header_bytes));
    if (frame.first_slot >= slots_per_pack_max || frame.slot_count > slots_per_pack_max - frame.first_slot)
        from.fail(fmt::format("{} slots from slot {} do not fit a pack of {}", frame.slot_count, frame.first_slot,
                              slots_per_pack_max));
    for (std::uint32_t i = 0; i < frame.slot_count; ++i) header.slots.push_back(parse_slot(from));
    for (std::uint32_t i = 0; i < base_count; ++i) header.patch_bases.push_back(parse_patch_base(from));
    check_frame(frame, header.ordinal, header.slots, from);
    check_patch_bases(frame.first_slot, header.slots, header.patch_bases, from);
    return header;
}

}  // namespace varve
