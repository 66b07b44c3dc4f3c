#pragma once
/// The slot table of a pack: what lies in each of its slots and in which frame. It stands at the end of the pack (its
/// trailer), is copied to a metadata pack, and is kept by the catalog as one blob. Bytes: store/FORMAT.md section 5.
/// A plain value; a const one may be read from many threads.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/repository/chunk.h"
#include "engine/repository/fingerprint.h"

namespace varve {

enum class SlotKind : std::uint8_t {
    chunk = 1,       ///< a whole chunk
    patch = 2,       ///< a chunk as the 4 KiB blocks that differ from a base chunk, which is always whole
    page = 3,        ///< a map page
    slot_table = 4,  ///< a copy of another pack's slot table
    move_table = 5,  ///< old address → new address
    attachment = 6,  ///< a small file kept with a commit
};

enum class FrameCodec : std::uint8_t { plain = 0, zstd = 1 };

/// A compressed unit of a pack: a header, then `stored_bytes` of payload.
struct Frame {
    std::uint64_t offset = 0;  ///< of the frame header in the pack
    std::uint32_t header_bytes = 0;
    std::uint32_t stored_bytes = 0;
    std::uint32_t plain_bytes = 0;
    std::uint32_t first_slot = 0;
    std::uint32_t slot_count = 0;
    FrameCodec codec = FrameCodec::plain;
    friend bool operator==(const Frame&, const Frame&) = default;
};

struct Slot {
    ChunkId id;               ///< SHA-256 of the plain content; of a patch: of the whole chunk that it makes
    Fingerprint fingerprint;  ///< of chunk and patch; else zero
    SlotKind kind = SlotKind::chunk;
    std::uint16_t patch_mask = 0;  ///< of a patch: bit i = block i is here
    std::uint32_t frame = 0;       ///< index of its frame
    std::uint32_t offset = 0;      ///< in the frame's plain bytes
    std::uint32_t length = 0;      ///< plain bytes in the frame (a patch: 4 KiB × bits of its mask)
    friend bool operator==(const Slot&, const Slot&) = default;
};

/// The base of a patch slot.
struct PatchBase {
    std::uint32_t slot = 0;  ///< the patch's own slot
    ChunkAddress base;
    friend bool operator==(const PatchBase&, const PatchBase&) = default;
};

struct SlotTable {
    std::vector<Frame> frames;
    std::vector<Slot> slots;
    std::vector<PatchBase> patch_bases;  ///< ascending by slot, one for every patch slot

    /// The base of patch slot `slot`.
    const ChunkAddress& base_of(std::uint32_t slot) const;
    friend bool operator==(const SlotTable&, const SlotTable&) = default;
};

inline constexpr std::uint32_t slots_per_pack_max = 65536;
inline constexpr std::uint32_t frame_plain_bytes_max = 16u << 20;
inline constexpr std::size_t patch_block_bytes = 4096;
inline constexpr int patch_blocks_max = 8;

Bytes encode(const SlotTable& table);

/// Throws Error(corrupt) that names `object` unless every index, offset and length fits; nothing is allocated before
/// the counts were checked against the bytes that are there.
SlotTable parse_slot_table(ByteView bytes, const std::string& object);

}  // namespace varve
