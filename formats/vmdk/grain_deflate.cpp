#include "formats/vmdk/grain_deflate.h"

#include <memory>
#include <new>

#include <libdeflate.h>

#include "engine/base/check.h"

namespace varve::vmdk {
namespace {

constexpr int level = 6;  // the default of zlib and of libdeflate's tools

struct ReleaseCompressor {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

using Compressor = std::unique_ptr<libdeflate_compressor, ReleaseCompressor>;

/// Costs some hundred KiB, kept from stream to stream. Not shared between threads.
libdeflate_compressor* thread_compressor() {
    thread_local const Compressor compressor(libdeflate_alloc_compressor(level));
    if (!compressor) throw std::bad_alloc();
    return compressor.get();
}

}  // namespace

std::size_t deflated_bytes_max(std::size_t length) { return libdeflate_zlib_compress_bound(nullptr, length); }

std::size_t deflate_grain(ByteView grain, ByteSpan out) {
    const std::size_t length =
        libdeflate_zlib_compress(thread_compressor(), grain.data(), grain.size(), out.data(), out.size());
    VARVE_CHECK(length != 0);  // all of it has room
    return length;
}

}  // namespace varve::vmdk
