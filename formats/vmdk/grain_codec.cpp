#include "formats/vmdk/grain_codec.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>

#include <fmt/format.h>
#include <libdeflate.h>

#include "engine/base/check.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/stream_marker.h"

namespace varve::vmdk {
namespace {

constexpr int deflate_level = 6;  // the default of zlib and of libdeflate's tools

struct ReleaseCompressor {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

using Compressor = std::unique_ptr<libdeflate_compressor, ReleaseCompressor>;

/// Takes several hundred KiB, kept from stream to stream. Not shared between threads.
libdeflate_compressor* thread_compressor() {
    thread_local const Compressor compressor(libdeflate_alloc_compressor(deflate_level));
    if (!compressor) throw std::bad_alloc();
    return compressor.get();
}

/// Inflates one zlib stream at a time. Not shared between threads.
class Inflater {
public:
    Inflater() : decompressor_(libdeflate_alloc_decompressor()) {
        if (!decompressor_) throw std::bad_alloc();
    }

    struct Result {
        std::size_t bytes = 0;
        std::string_view problem;  ///< empty: the stream ended with the right checksum
    };

    /// Ignores what follows the stream in `in`.
    Result run(ByteView in, ByteSpan out) {
        Result result;
        const auto status = libdeflate_zlib_decompress(decompressor_.get(), in.data(), in.size(), out.data(),
                                                       out.size(), &result.bytes);
        if (status == LIBDEFLATE_INSUFFICIENT_SPACE) return {0, "one that holds more than a grain"};
        if (status != LIBDEFLATE_SUCCESS) return {0, "one that is damaged or ends early"};
        return result;
    }

private:
    struct Release {
        void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
    };

    std::unique_ptr<libdeflate_decompressor, Release> decompressor_;
};

Inflater& thread_inflater() {
    thread_local Inflater inflater;
    return inflater;
}

/// The stream's bytes without the marker; without markers its length is unknown, so what follows comes along.
Bytes read_stream(const ByteSourcePtr& device, const CompressedGrain& grain) {
    const std::uint64_t rest = device->size().value - grain.place.value;
    const std::uint64_t length_max = stream_bytes_max(grain.grain_size);
    if (!grain.has_marker) {
        Bytes stream(static_cast<std::size_t>(std::min(length_max, rest)));
        device->read_at(grain.place, stream);
        return stream;
    }
    std::array<std::byte, StreamMarker::grain_encoded_bytes> bytes;
    if (rest < bytes.size()) throw corrupt(device->place(grain.place), "expected a grain marker, found the end");
    device->read_at(grain.place, bytes);
    const StreamMarker marker = parse_marker(bytes);
    const std::uint64_t expected = grain.index * (grain.grain_size.value / sector_bytes);
    if (marker.value != expected)
        throw corrupt(device->place(grain.place), fmt::format("grain marker: expected the one of sector {}, found the "
                                                              "one of sector {}",
                                                              expected, marker.value));
    const std::uint64_t fits = std::min(length_max, rest - bytes.size());
    if (!marker.is_grain() || marker.size > fits)
        throw corrupt(device->place(grain.place + ByteCount{8}),
                      fmt::format("grain marker: expected a stream of 1 to {} bytes, found {}", fits, marker.size));
    Bytes stream(marker.size);
    device->read_at(grain.place + ByteCount{bytes.size()}, stream);
    return stream;
}

/// Inflates the stream, which holds `length_min` bytes or more, to the beginning of `out`.
void inflate_stream(const ByteSourcePtr& device, const CompressedGrain& grain, std::size_t length_min, ByteSpan out) {
    const Inflater::Result found = thread_inflater().run(read_stream(device, grain), out);
    if (found.problem.empty() && found.bytes >= length_min) return;
    throw corrupt(
        device->place(grain.place),
        fmt::format("compressed grain {}: expected a zlib stream of {} bytes, found {}", grain.index, length_min,
                    found.problem.empty() ? fmt::format("one of {}", found.bytes) : found.problem));
}

}  // namespace

std::size_t deflated_bytes_max(std::size_t length) { return libdeflate_zlib_compress_bound(nullptr, length); }

std::size_t deflate_grain(ByteView grain, ByteSpan out) {
    const std::size_t length =
        libdeflate_zlib_compress(thread_compressor(), grain.data(), grain.size(), out.data(), out.size());
    VARVE_CHECK(length != 0);  // `out` has room for any stream
    return length;
}

void inflate_grain(const ByteSourcePtr& device, const CompressedGrain& grain, ByteSpan out) {
    if (out.size() == grain.grain_size.value) return inflate_stream(device, grain, out.size(), out);
    Bytes whole(static_cast<std::size_t>(grain.grain_size.value));
    inflate_stream(device, grain, out.size(), whole);
    std::copy_n(whole.begin(), out.size(), out.begin());
}

}  // namespace varve::vmdk
