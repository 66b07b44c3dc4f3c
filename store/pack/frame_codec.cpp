#include "store/pack/frame_codec.h"

#include <algorithm>

#include <fmt/format.h>
#include <zstd.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/repository/slot_record.h"
#include "store/object/zstd_block.h"

namespace varve {
namespace {

[[noreturn]] void fail_frame(const std::string& object, const std::string& message) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: {}", object, message));
}

}  // namespace

std::uint32_t FrameDraft::add(Slot slot, ByteView content) {
    slot.frame = ordinal;
    slot.offset = static_cast<std::uint32_t>(plain.size());
    slot.length = static_cast<std::uint32_t>(content.size());
    slots.push_back(slot);
    plain.insert(plain.end(), content.begin(), content.end());
    return first_slot + static_cast<std::uint32_t>(slots.size()) - 1;
}

struct FrameEncoder::Context {
    explicit Context(int level) : zstd(ZSTD_createCCtx()) {
        VARVE_CHECK(zstd != nullptr && ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level)) == 0);
    }
    ~Context() { ZSTD_freeCCtx(zstd); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ZSTD_CCtx* zstd;
    Bytes compressed;  ///< reused for every frame
};

FrameEncoder::FrameEncoder(int level) : context_(std::make_unique<Context>(level)) {}
FrameEncoder::~FrameEncoder() = default;
FrameEncoder::FrameEncoder(FrameEncoder&&) noexcept = default;
FrameEncoder& FrameEncoder::operator=(FrameEncoder&&) noexcept = default;

EncodedFrame FrameEncoder::encode(FrameDraft draft) {
    VARVE_CHECK(!draft.slots.empty() && draft.plain.size() <= frame_plain_bytes_max);
    Bytes& compressed = context_->compressed;
    compressed.resize(std::max(compressed.size(), ZSTD_compressBound(draft.plain.size())));
    const std::size_t got =
        ZSTD_compress2(context_->zstd, compressed.data(), compressed.size(), draft.plain.data(), draft.plain.size());
    if (ZSTD_isError(got) != 0)
        throw Error(ErrorCode::io, fmt::format("zstd cannot compress a frame: {}", ZSTD_getErrorName(got)));
    const bool shrinks = got < draft.plain.size();
    const ByteView payload = shrinks ? ByteView(compressed).first(got) : ByteView(draft.plain);

    EncodedFrame encoded;
    encoded.pack = draft.pack;
    encoded.header.ordinal = draft.ordinal;
    encoded.header.slots = std::move(draft.slots);
    encoded.header.patch_bases = std::move(draft.patch_bases);
    Frame& frame = encoded.header.frame;
    frame.slot_count = static_cast<std::uint32_t>(encoded.header.slots.size());
    frame.header_bytes =
        frame_header_bytes(frame.slot_count, static_cast<std::uint32_t>(encoded.header.patch_bases.size()));
    frame.stored_bytes = static_cast<std::uint32_t>(payload.size());
    frame.plain_bytes = static_cast<std::uint32_t>(draft.plain.size());
    frame.first_slot = draft.first_slot;
    frame.codec = shrinks ? FrameCodec::zstd : FrameCodec::plain;
    encoded.bytes = varve::encode(encoded.header, encoded.pack);
    encoded.bytes.insert(encoded.bytes.end(), payload.begin(), payload.end());
    return encoded;
}

void decode_frame(const Frame& frame, ByteView payload, ByteSpan plain, const std::string& object) {
    VARVE_CHECK(payload.size() == frame.stored_bytes && plain.size() == frame.plain_bytes);
    if (frame.codec == FrameCodec::zstd) return decompress_zstd(payload, plain, object);
    if (payload.size() != plain.size())
        fail_frame(object, fmt::format("expected {} plain bytes, found {}", plain.size(), payload.size()));
    std::copy(payload.begin(), payload.end(), plain.begin());
}

}  // namespace varve
