#pragma once
/// Compresses gathered slots into a frame and decompresses frames (FORMAT.md section 5). A frame that zstd does not
/// make smaller is stored plain.

#include <memory>
#include <string>

#include "store/pack/pack_layout.h"

namespace varve {

/// Slots gathered for one frame, not yet compressed.
struct FrameDraft {
    PackId pack;
    std::uint32_t ordinal = 0;  ///< of the frame in its pack
    std::uint32_t first_slot = 0;
    std::vector<Slot> slots;
    std::vector<PatchBase> patch_bases;
    Bytes plain;

    /// Appends a slot and fills in its frame, offset and length. Returns its number.
    std::uint32_t add(Slot slot, ByteView content);
};

/// A frame ready to be appended to its pack.
struct EncodedFrame {
    PackId pack;
    FrameHeader header;  ///< without its offset
    Bytes bytes;         ///< header and payload
};

/// Encodes one frame after another with one compression context. For one thread at a time.
class FrameEncoder {
public:
    explicit FrameEncoder(int level);
    ~FrameEncoder();
    FrameEncoder(FrameEncoder&&) noexcept;
    FrameEncoder& operator=(FrameEncoder&&) noexcept;

    EncodedFrame encode(FrameDraft draft);

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// Fills `plain`, of exactly frame.plain_bytes, from the payload, of exactly frame.stored_bytes. Throws Error(corrupt)
/// that names `object` for anything that is not a single zstd frame of that length; never allocates what the payload
/// requests. Safe to use from many threads.
void decode_frame(const Frame& frame, ByteView payload, ByteSpan plain, const std::string& object);

}  // namespace varve
