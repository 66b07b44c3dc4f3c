#include "formats/qcow2/compression.h"

#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "engine/base/error.h"

namespace varve::qcow2 {
namespace {

[[noreturn]] void fail(std::string_view type, std::size_t expected, std::size_t found, std::string_view reason) {
    throw Error(ErrorCode::corrupt,
                fmt::format("expected a {} stream of {} bytes, found {} ({})", type, expected, found, reason));
}

/// A raw deflate stream (no zlib header). Not shared between threads.
class Inflater {
public:
    Inflater() {
        // qemu uses a window of 4 KiB; other writers may use the largest.
        if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    void run(ByteView in, ByteSpan out) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int status = inflate(&stream_, Z_FINISH);
        const bool sound = status == Z_STREAM_END || status == Z_OK || status == Z_BUF_ERROR;
        if (!sound || stream_.avail_out != 0)
            fail("zlib", out.size(), out.size() - stream_.avail_out,
                 stream_.msg != nullptr ? stream_.msg : "it ends early");
    }

private:
    z_stream stream_{};
};

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

ZSTD_DCtx* thread_context() {
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    return context.get();
}

/// Decodes whole frames until the cluster is full. Each frame consumes at least its header, so the loop ends. Decoding
/// frame by frame into the cluster needs no window buffer, whatever a frame header claims.
void inflate_zstd(ByteView in, ByteSpan out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const std::size_t frame = ZSTD_findFrameCompressedSize(in.data(), in.size());
        if (ZSTD_isError(frame) != 0) fail("zstd", out.size(), done, ZSTD_getErrorName(frame));
        const std::size_t got =
            ZSTD_decompressDCtx(thread_context(), out.data() + done, out.size() - done, in.data(), frame);
        if (ZSTD_isError(got) != 0) fail("zstd", out.size(), done, ZSTD_getErrorName(got));
        done += got;
        in = in.subspan(frame);
    }
}

/// Makes raw deflate streams as qemu does: its window, zlib's default level, the most memory for matches. Holds 60 KiB
/// between streams. Not shared between threads.
class Deflater {
public:
    Deflater() {
        constexpr int window_bits = 12;
        constexpr int memory_level = 9;
        if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY) !=
            Z_OK)
            throw std::bad_alloc();
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    std::optional<std::size_t> run(ByteView in, ByteSpan out) {
        deflateReset(&stream_);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return std::nullopt;  // `out` is full
        return out.size() - stream_.avail_out;
    }

private:
    z_stream stream_{};
};

Deflater& thread_deflater() {
    thread_local Deflater deflater;
    return deflater;
}

ZSTD_CCtx* thread_compressor() {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    if (!context) throw std::bad_alloc();
    return context.get();
}

std::optional<std::size_t> deflate_zstd(ByteView in, ByteSpan out) {
    const std::size_t length =
        ZSTD_compressCCtx(thread_compressor(), out.data(), out.size(), in.data(), in.size(), ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(length) == 0) return length;
    if (ZSTD_getErrorCode(length) != ZSTD_error_dstSize_tooSmall)
        throw std::bad_alloc();  // the only other failure possible
    return std::nullopt;
}

}  // namespace

std::optional<std::size_t> deflate_cluster(Compression type, ByteView cluster, ByteSpan out) {
    const ByteSpan smaller = out.first(cluster.size() - 1);
    return type == Compression::zstd ? deflate_zstd(cluster, smaller) : thread_deflater().run(cluster, smaller);
}

void inflate_cluster(Compression type, ByteView stored, ByteSpan cluster) {
    if (type == Compression::zstd)
        inflate_zstd(stored, cluster);
    else
        Inflater().run(stored, cluster);
}

}  // namespace varve::qcow2
