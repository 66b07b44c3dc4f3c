#include "formats/vmdk/grain_inflater.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>

#include <fmt/format.h>
#include <libdeflate.h>

#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/error.h"

namespace varve::vmdk {
namespace {

/// A zlib stream at a time. Not shared between threads.
class Inflater {
public:
    Inflater() : decompressor_(libdeflate_alloc_decompressor()) {
        if (!decompressor_) throw std::bad_alloc();
    }

    struct Result {
        std::size_t bytes = 0;
        std::string_view problem;  ///< empty: the stream ended, with the right checksum
    };

    /// What follows the stream in `in` is left alone.
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

/// The stream's bytes, without the marker, and with what follows it where no marker tells its length.
Bytes read_stream(const ByteSourcePtr& device, const CompressedGrain& grain) {
    const std::uint64_t rest = device->size().value - grain.place.value;
    const std::uint64_t length_max = stream_bytes_max(grain.grain_size);
    if (!grain.has_marker) {
        Bytes stream(static_cast<std::size_t>(std::min(length_max, rest)));
        device->read_at(grain.place, stream);
        return stream;
    }
    std::array<std::byte, grain_marker_bytes> marker;
    if (rest < marker.size()) throw corrupt(device->place(grain.place), "expected a grain marker, found the end");
    device->read_at(grain.place, marker);
    const auto sector = load_le<std::uint64_t>(marker);
    const std::uint64_t expected = grain.index * (grain.grain_size.value / sector_bytes);
    if (sector != expected)
        throw corrupt(device->place(grain.place),
                      fmt::format("grain marker: expected that of sector {}, found that of {}", expected, sector));
    const auto length = load_le<std::uint32_t>(ByteView(marker).subspan(8));
    if (length == 0 || length > length_max || length > rest - marker.size())
        throw corrupt(device->place(grain.place + ByteCount{8}),
                      fmt::format("grain marker: expected a stream of 1 to {} bytes, found {}",
                                  std::min(length_max, rest - marker.size()), length));
    Bytes stream(length);
    device->read_at(grain.place + ByteCount{marker.size()}, stream);
    return stream;
}

/// Fills `out` from its begin with what the stream holds, which is `length_min` bytes or more.
void inflate_stream(const ByteSourcePtr& device, const CompressedGrain& grain, std::size_t length_min, ByteSpan out) {
    const Inflater::Result found = thread_inflater().run(read_stream(device, grain), out);
    if (found.problem.empty() && found.bytes >= length_min) return;
    throw corrupt(
        device->place(grain.place),
        fmt::format("compressed grain {}: expected a zlib stream of {} bytes, found {}", grain.index, length_min,
                    found.problem.empty() ? fmt::format("one of {}", found.bytes) : found.problem));
}

}  // namespace

void inflate_grain(const ByteSourcePtr& device, const CompressedGrain& grain, ByteSpan out) {
    if (out.size() == grain.grain_size.value) return inflate_stream(device, grain, out.size(), out);
    Bytes whole(static_cast<std::size_t>(grain.grain_size.value));
    inflate_stream(device, grain, out.size(), whole);
    std::copy_n(whole.begin(), out.size(), out.begin());
}

}  // namespace varve::vmdk
