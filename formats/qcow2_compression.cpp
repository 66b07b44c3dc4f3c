#include "formats/qcow2_compression.h"

#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

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
        // qemu writes a window of 4 KiB; the largest one is accepted from others.
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
};

ZSTD_DCtx* thread_context() {
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    return context.get();
}

/// Whole frames, one after the other, until the cluster is full. Each frame takes at least its header from `in`, so the
/// loop ends; decoding frame by frame into the cluster needs no window buffer, whatever a frame header claims.
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

}  // namespace

void inflate_cluster(Compression type, ByteView stored, ByteSpan cluster) {
    if (type == Compression::zstd)
        inflate_zstd(stored, cluster);
    else
        Inflater().run(stored, cluster);
}

}  // namespace varve::qcow2
