#include "engine/repository/slot_record.h"

#include <bit>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

SlotKind parse_slot_kind(ByteReader& from) {
    const std::uint8_t kind = from.u8();
    if (kind >= 1 && kind <= 6) return static_cast<SlotKind>(kind);
    throw Error(ErrorCode::unsupported,
                fmt::format("{} at byte {}: expected a slot kind from 1 to 6, found {}: written by a "
                            "newer varve",
                            from.object(), from.position() - 1, kind));
}

void check_slot_length(const Slot& slot, const ByteReader& at) {
    const int blocks = std::popcount(slot.patch_mask);
    if (slot.kind == SlotKind::patch) {
        if (blocks < 1 || blocks > patch_blocks_max)
            at.fail(fmt::format("expected a patch of 1 to {} blocks, found {}", patch_blocks_max, blocks));
        if (slot.length != patch_block_bytes * static_cast<std::size_t>(blocks))
            at.fail(fmt::format("expected {} bytes for a patch of {} blocks, found {}",
                                patch_block_bytes * static_cast<std::size_t>(blocks), blocks, slot.length));
        return;
    }
    if (slot.patch_mask != 0)
        at.fail(fmt::format("expected no patch mask for a slot that is not a patch, found {:#x}", slot.patch_mask));
    if (slot.kind == SlotKind::chunk && slot.length != chunk_bytes)
        at.fail(fmt::format("expected a chunk of {} bytes, found {}", chunk_bytes, slot.length));
    if (slot.length > frame_plain_bytes_max)
        at.fail(fmt::format("expected a slot of at most {} bytes, found {}", frame_plain_bytes_max, slot.length));
}

std::uint32_t plain_bytes_max(std::span<const Slot> slots) {
    if (is_data(slots.front().kind)) return data_frame_plain_bytes_max;
    return slots.size() == 1 ? frame_plain_bytes_max : metadata_frame_plain_bytes_max;
}

void check_stored_bytes(const Frame& frame, const ByteReader& at) {
    const bool fits = frame.codec == FrameCodec::plain
                          ? frame.stored_bytes == frame.plain_bytes
                          : frame.stored_bytes > 0 && frame.stored_bytes < frame.plain_bytes;
    if (!fits)
        at.fail(fmt::format("a frame of {} plain bytes cannot have {} stored ones with codec {}", frame.plain_bytes,
                            frame.stored_bytes, static_cast<int>(frame.codec)));
}

}  // namespace

void encode_slot(const Slot& slot, ByteWriter& to) {
    to.append(slot.id.view());
    to.append(slot.fingerprint.bytes);
    to.u8(static_cast<std::uint8_t>(slot.kind));
    to.u8(0);
    to.u16le(slot.patch_mask);
    to.u32le(slot.frame);
    to.u32le(slot.offset);
    to.u32le(slot.length);
}

Slot parse_slot(ByteReader& from) {
    Slot slot;
    slot.id.bytes = from.array<32>();
    slot.fingerprint.bytes = from.array<16>();
    slot.kind = parse_slot_kind(from);
    from.skip(1);
    slot.patch_mask = from.u16le();
    slot.frame = from.u32le();
    slot.offset = from.u32le();
    slot.length = from.u32le();
    check_slot_length(slot, from);
    return slot;
}

void encode_patch_base(const PatchBase& base, ByteWriter& to) {
    to.u32le(base.slot);
    to.append(base.base.pack.view());
    to.u32le(base.base.slot);
}

PatchBase parse_patch_base(ByteReader& from) {
    PatchBase base;
    base.slot = from.u32le();
    base.base.pack.bytes = from.array<16>();
    base.base.slot = from.u32le();
    if (base.base.slot >= slots_per_pack_max)
        from.fail(fmt::format("expected a base slot below {}, found {}", slots_per_pack_max, base.base.slot));
    return base;
}

PackKind parse_pack_kind(ByteReader& from) {
    const std::uint8_t kind = from.u8();
    if (kind != 1 && kind != 2) from.fail(fmt::format("expected pack kind 1 or 2, found {}", kind));
    return static_cast<PackKind>(kind);
}

FrameCodec parse_frame_codec(ByteReader& from) {
    const std::uint8_t codec = from.u8();
    if (codec <= static_cast<std::uint8_t>(FrameCodec::zstd)) return static_cast<FrameCodec>(codec);
    throw Error(ErrorCode::unsupported,
                fmt::format("{} at byte {}: expected frame codec 0 or 1, found {}: written by a newer varve",
                            from.object(), from.position() - 1, codec));
}

void check_frame(const Frame& frame, std::uint32_t ordinal, std::span<const Slot> slots, const ByteReader& at) {
    if (slots.empty()) at.fail(fmt::format("frame {} has no slot", ordinal));
    std::uint64_t filled = 0;
    std::uint32_t patches = 0;
    for (const Slot& slot : slots) {
        if (slot.frame != ordinal)
            at.fail(fmt::format("expected a slot of frame {}, found frame {}", ordinal, slot.frame));
        if (slot.offset != filled)
            at.fail(fmt::format("expected a slot at byte {} of frame {}, found {}", filled, ordinal, slot.offset));
        if (is_data(slot.kind) != is_data(slots.front().kind))
            at.fail(fmt::format("frame {} mixes data and metadata", ordinal));
        filled += slot.length;
        patches += slot.kind == SlotKind::patch ? 1 : 0;
    }
    if (filled != frame.plain_bytes)
        at.fail(fmt::format("expected slots of {} bytes in frame {}, found {}", frame.plain_bytes, ordinal, filled));
    if (frame.plain_bytes > plain_bytes_max(slots))
        at.fail(fmt::format("expected at most {} plain bytes in frame {}, found {}", plain_bytes_max(slots), ordinal,
                            frame.plain_bytes));
    const auto slot_count = static_cast<std::uint32_t>(slots.size());
    if (frame.header_bytes != frame_header_bytes(slot_count, patches))
        at.fail(fmt::format("expected a header of {} bytes for frame {}, found {}",
                            frame_header_bytes(slot_count, patches), ordinal, frame.header_bytes));
    check_stored_bytes(frame, at);
}

void check_patch_bases(std::uint32_t first_slot, std::span<const Slot> slots, std::span<const PatchBase> bases,
                       const ByteReader& at) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].kind != SlotKind::patch) continue;
        const std::uint64_t slot = first_slot + i;
        if (next == bases.size() || bases[next].slot != slot)
            at.fail(fmt::format("expected the base of patch slot {}, found none", slot));
        ++next;
    }
    if (next != bases.size()) at.fail(fmt::format("expected {} patch bases, found {}", next, bases.size()));
}

}  // namespace varve
