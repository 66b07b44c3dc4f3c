#pragma once
/// The records that a pack's slot table and its frame headers share, and the rules that the slots of one frame follow.
/// Bytes: store/FORMAT.md section 5. Pure functions; parsing throws Error(corrupt), and Error(unsupported) for a slot
/// kind or codec of a newer version.

#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/repository/pack.h"
#include "engine/repository/slot.h"

namespace varve {

inline constexpr std::uint32_t frame_header_fixed_bytes = 40;
inline constexpr std::uint32_t slot_record_bytes = 64;
inline constexpr std::uint32_t patch_base_record_bytes = 24;

/// Plain bytes that a frame of several slots may hold; a single metadata slot may fill frame_plain_bytes_max.
inline constexpr std::uint32_t data_frame_plain_bytes_max = 256 * 1024;
inline constexpr std::uint32_t metadata_frame_plain_bytes_max = 32 * 1024;

/// Length of the header of a frame with these counts.
inline constexpr std::uint32_t frame_header_bytes(std::uint32_t slots, std::uint32_t patch_bases) {
    return frame_header_fixed_bytes + slot_record_bytes * slots + patch_base_record_bytes * patch_bases;
}

/// Whether slots of this kind are in data packs (the others are in metadata packs).
inline constexpr bool is_data(SlotKind kind) { return kind == SlotKind::chunk || kind == SlotKind::patch; }

void encode_slot(const Slot& slot, ByteWriter& to);
Slot parse_slot(ByteReader& from);

PackKind parse_pack_kind(ByteReader& from);

void encode_patch_base(const PatchBase& base, ByteWriter& to);
PatchBase parse_patch_base(ByteReader& from);

FrameCodec parse_frame_codec(ByteReader& from);

/// Throws, through `at`, unless `slots` are valid for frame `frame` with this ordinal: they fill its plain bytes
/// without gaps, belong to one kind of pack, and its lengths are those that its codec and counts allow.
void check_frame(const Frame& frame, std::uint32_t ordinal, std::span<const Slot> slots, const ByteReader& at);

/// Throws, through `at`, unless `bases` ascend and there is exactly one for each patch among `slots`, the first of
/// which has number `first_slot`.
void check_patch_bases(std::uint32_t first_slot, std::span<const Slot> slots, std::span<const PatchBase> bases,
                       const ByteReader& at);

}  // namespace varve
