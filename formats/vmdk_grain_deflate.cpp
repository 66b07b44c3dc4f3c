#include "formats/vmdk_grain_deflate.h"

#include <new>

#include <zlib.h>

#include "engine/base/check.h"

namespace varve::vmdk {
namespace {

/// Costs 256 KiB, kept from stream to stream. Not shared between threads.
class Deflater {
public:
    Deflater() {
        if (deflateInit(&stream_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc();
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    std::size_t run(ByteView in, ByteSpan out) {
        deflateReset(&stream_);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        VARVE_CHECK(deflate(&stream_, Z_FINISH) == Z_STREAM_END);  // all of it has room
        return out.size() - stream_.avail_out;
    }

private:
    z_stream stream_{};
};

}  // namespace

std::size_t deflated_bytes_max(std::size_t length) { return compressBound(static_cast<uLong>(length)); }

std::size_t deflate_grain(ByteView grain, ByteSpan out) {
    thread_local Deflater deflater;
    return deflater.run(grain, out);
}

}  // namespace varve::vmdk
