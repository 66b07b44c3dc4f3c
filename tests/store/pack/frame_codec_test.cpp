#include "store/pack/frame_codec.h"

#include <zstd.h>

#include "tests/contract/backend_contract.h"
#include "tests/fakes/sample_chunk.h"
#include "tests/store/damage.h"

namespace varve {
namespace {

using backend_contract::error_of;

FrameDraft draft_of(const std::vector<Bytes>& chunks) {
    FrameDraft draft;
    draft.pack = PackId::make();
    for (const Bytes& chunk : chunks) {
        Slot slot;
        slot.id = sha256(chunk);
        draft.add(slot, chunk);
    }
    return draft;
}

ByteView payload_of(const EncodedFrame& frame) {
    return ByteView(frame.bytes).subspan(frame.header.frame.header_bytes);
}

Bytes compressed(ByteView plain, const std::vector<std::pair<ZSTD_cParameter, int>>& parameters) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    for (const auto& [parameter, value] : parameters) ZSTD_CCtx_setParameter(context, parameter, value);
    Bytes out(ZSTD_compressBound(plain.size()));
    out.resize(ZSTD_compress2(context, out.data(), out.size(), plain.data(), plain.size()));
    ZSTD_freeCCtx(context);
    return out;
}

ErrorCode decode_error(const Bytes& payload, std::uint32_t plain_bytes) {
    Frame frame;
    frame.codec = FrameCodec::zstd;
    frame.stored_bytes = static_cast<std::uint32_t>(payload.size());
    frame.plain_bytes = plain_bytes;
    Bytes plain(plain_bytes);
    return error_of([&] { decode_frame(frame, payload, plain, "frame"); });
}

}  // namespace

TEST_CASE("a frame returns its contents, and is compressed only if that is smaller", "[store][frame]") {
    FrameEncoder encoder(3);
    for (const auto& [sample, codec] : {std::pair{compressible_sample(chunk_bytes, 1), FrameCodec::zstd},
                                        std::pair{random_sample(chunk_bytes, 2), FrameCodec::plain}}) {
        const EncodedFrame frame = encoder.encode(draft_of({sample, sample}));
        REQUIRE(frame.header.frame.slot_count == 2);
        const EncodedFrame single = encoder.encode(draft_of({sample}));
        REQUIRE(single.header.frame.codec == codec);
        REQUIRE((single.header.frame.stored_bytes < chunk_bytes) == (codec == FrameCodec::zstd));
        Bytes plain(single.header.frame.plain_bytes);
        decode_frame(single.header.frame, payload_of(single), plain, "frame");
        REQUIRE(plain == sample);
        const FrameHeader parsed =
            parse_frame_header(ByteView(single.bytes).first(single.header.frame.header_bytes), single.pack, "frame");
        REQUIRE(parsed.slots == single.header.slots);
    }
}

TEST_CASE("zstd payloads that violate the rules are corrupt", "[store][frame]") {
    const Bytes sample = compressible_sample(4000, 3);
    const Bytes good = compressed(sample, {});
    REQUIRE(decode_error(good, 4001) == ErrorCode::corrupt);
    REQUIRE(decode_error(good, 3999) == ErrorCode::corrupt);
    REQUIRE(decode_error(compressed(sample, {{ZSTD_c_contentSizeFlag, 0}}), 4000) == ErrorCode::corrupt);
    Bytes two = good;
    two.insert(two.end(), good.begin(), good.end());
    REQUIRE(decode_error(two, 4000) == ErrorCode::corrupt);
    REQUIRE(decode_error(random_sample(100, 4), 4000) == ErrorCode::corrupt);
    REQUIRE(decode_error({}, 4000) == ErrorCode::corrupt);
    for_each_truncation(good, [](const Bytes& cut) { REQUIRE(decode_error(cut, 4000) == ErrorCode::corrupt); });
}

TEST_CASE("a zstd window above the limit is refused", "[store][frame]") {
    // By hand (RFC 8878): magic; content size in 4 bytes, no single segment; window exponent; content size 4096; then
    // one run-length block of 4096 zeros.
    const auto frame_with_window = [](unsigned exponent) {
        Bytes payload;
        for (const unsigned number : {0x28u, 0xb5u, 0x2fu, 0xfdu, 0x80u, (exponent - 10) << 3, 0x00u, 0x10u, 0x00u,
                                      0x00u, 0x03u, 0x80u, 0x00u, 0x00u})
            payload.push_back(static_cast<std::byte>(number));
        return payload;
    };
    Frame frame;
    frame.codec = FrameCodec::zstd;
    frame.stored_bytes = 14;
    frame.plain_bytes = 4096;
    Bytes plain(4096, std::byte{1});
    decode_frame(frame, frame_with_window(24), plain, "frame");
    REQUIRE(is_zero(plain));
    REQUIRE(decode_error(frame_with_window(25), 4096) == ErrorCode::corrupt);
}

TEST_CASE("a flipped bit in a payload never makes the decoder leave its buffer", "[store][frame]") {
    const Bytes sample = compressible_sample(1500, 5);
    const Bytes good = compressed(sample, {});
    Frame frame;
    frame.codec = FrameCodec::zstd;
    frame.stored_bytes = static_cast<std::uint32_t>(good.size());
    frame.plain_bytes = 1500;
    for_each_flipped_bit(good, [&](const Bytes& flipped, std::size_t) {
        Bytes plain(1500);
        try {
            decode_frame(frame, flipped, plain, "frame");
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::corrupt);
        }
    });
}

}  // namespace varve
