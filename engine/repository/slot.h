#pragma once
/// The parts of a pack: slots, each with its content's name and place, and the compressed frames that hold them. Bytes:
/// store/FORMAT.md section 5. Plain values.

#include <cstdint>

#include "engine/repository/chunk.h"
#include "engine/repository/fingerprint.h"

namespace varve {

inline constexpr std::uint32_t slots_per_pack_max = 65536;
inline constexpr std::uint32_t frame_plain_bytes_max = 16u << 20;
inline constexpr std::size_t patch_block_bytes = 4096;
inline constexpr int patch_blocks_max = 8;

enum class SlotKind : std::uint8_t {
    chunk = 1,       ///< a whole chunk
    patch = 2,       ///< a chunk stored as the 4 KiB blocks that differ from a base chunk, which is always whole
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

    /// Where the next frame begins.
    std::uint64_t end() const { return offset + header_bytes + stored_bytes; }
    friend bool operator==(const Frame&, const Frame&) = default;
};

struct Slot {
    ChunkId id;               ///< SHA-256 of the plain content; for a patch, of the whole chunk it produces
    Fingerprint fingerprint;  ///< of a chunk or patch; else zero
    SlotKind kind = SlotKind::chunk;
    std::uint16_t patch_mask = 0;  ///< of a patch: bit i = block i is present
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

}  // namespace varve
