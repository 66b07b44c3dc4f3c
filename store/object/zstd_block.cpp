#include "store/object/zstd_block.h"

#include <memory>

#include <fmt/format.h>
#include <zstd.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {
namespace {

constexpr int compression_level = 3;
constexpr std::uint64_t window_bytes_max = 16u << 20;
constexpr unsigned frame_descriptor_at = 4;
constexpr unsigned single_segment_bit = 0x20;

struct FreeDecompressor {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_DCtx* thread_decompressor() {
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
    VARVE_CHECK(context != nullptr);
    return context.get();
}

/// Window_Size of RFC 8878 section 3.1.1.1.2; for a single-segment frame, the size of its content.
std::uint64_t window_bytes(ByteView payload) {
    const auto descriptor = std::to_integer<unsigned>(payload[frame_descriptor_at]);
    if ((descriptor & single_segment_bit) != 0) return 0;
    const auto window = std::to_integer<unsigned>(payload[frame_descriptor_at + 1]);
    const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
    return base + base / 8 * (window & 7);
}

[[noreturn]] void fail_zstd(const std::string& object, const std::string& message) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: {}", object, message));
}

}  // namespace

Bytes compress_zstd(ByteView plain) {
    Bytes compressed(ZSTD_compressBound(plain.size()));
    const std::size_t got =
        ZSTD_compress(compressed.data(), compressed.size(), plain.data(), plain.size(), compression_level);
    if (ZSTD_isError(got) != 0)
        throw Error(ErrorCode::io,
                    fmt::format("zstd cannot compress {} bytes: {}", plain.size(), ZSTD_getErrorName(got)));
    compressed.resize(got);
    return compressed;
}

void check_zstd_block(ByteView payload, std::uint64_t plain_bytes, const std::string& object) {
    constexpr std::size_t shortest_frame = 6;
    if (payload.size() < shortest_frame || load_le<std::uint32_t>(payload) != ZSTD_MAGICNUMBER)
        fail_zstd(object, "expected a zstd frame, found none");
    if (const unsigned long long found = ZSTD_getFrameContentSize(payload.data(), payload.size()); found != plain_bytes)
        fail_zstd(object, fmt::format("expected a zstd frame of {} plain bytes, found {}", plain_bytes,
                                      found == ZSTD_CONTENTSIZE_UNKNOWN || found == ZSTD_CONTENTSIZE_ERROR
                                          ? "no length"
                                          : std::to_string(found)));
    if (const std::uint64_t window = window_bytes(payload); window > window_bytes_max)
        fail_zstd(object,
                  fmt::format("expected a zstd window of at most {} bytes, found {}", window_bytes_max, window));
    if (const std::size_t found = ZSTD_findFrameCompressedSize(payload.data(), payload.size()); found != payload.size())
        fail_zstd(object, fmt::format("expected one zstd frame of {} bytes, found {}", payload.size(),
                                      ZSTD_isError(found) != 0 ? ZSTD_getErrorName(found) : "another length"));
}

void decompress_zstd(ByteView payload, ByteSpan plain, const std::string& object) {
    check_zstd_block(payload, plain.size(), object);
    const std::size_t got =
        ZSTD_decompressDCtx(thread_decompressor(), plain.data(), plain.size(), payload.data(), payload.size());
    if (ZSTD_isError(got) != 0)
        fail_zstd(object, fmt::format("the zstd frame does not decompress: {}", ZSTD_getErrorName(got)));
    if (got != plain.size()) fail_zstd(object, fmt::format("expected {} plain bytes, found {}", plain.size(), got));
}

}  // namespace varve
