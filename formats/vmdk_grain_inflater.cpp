#include "formats/vmdk_grain_inflater.h"

#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "formats/vmdk_descriptor.h"
#include "formats/vmdk_error.h"

namespace varve::vmdk {
namespace {

/// A zlib stream at a time; its window is kept from one to the next. Not shared between threads.
class Inflater {
public:
    Inflater() {
        if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    struct Result {
        std::size_t bytes = 0;
        bool is_whole = false;  ///< the stream ended, with the right checksum
        std::string problem;
    };

    Result run(ByteView in, ByteSpan out) {
        inflateReset(&stream_);
        stream_.msg = nullptr;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int status = inflate(&stream_, Z_FINISH);
        Result result{out.size() - stream_.avail_out, status == Z_STREAM_END, {}};
        if (!result.is_whole) result.problem = describe();
        return result;
    }

private:
    std::string describe() const {
        if (stream_.msg != nullptr) return stream_.msg;
        return stream_.avail_out == 0 ? "it holds more than a grain" : "it ends early";
    }

    z_stream stream_{};
};

Inflater& thread_inflater() {
    thread_local Inflater inflater;
    return inflater;
}

/// The stream's bytes, without the marker, and with what follows it where no marker tells its length.
Bytes read_stream(const NamedDevice& device, const CompressedGrain& grain) {
    const std::uint64_t rest = device.size().value - grain.place.value;
    const std::uint64_t length_max = stream_bytes_max(grain.grain_size);
    if (!grain.has_marker) {
        Bytes stream(static_cast<std::size_t>(std::min(length_max, rest)));
        device.bytes->read(grain.place, stream);
        return stream;
    }
    std::array<std::byte, grain_marker_bytes> marker;
    if (rest < marker.size()) throw corrupt(device.place(grain.place), "expected a grain marker, found the end");
    device.bytes->read(grain.place, marker);
    const auto sector = load_le<std::uint64_t>(marker);
    const std::uint64_t expected = grain.index * (grain.grain_size.value / sector_bytes);
    if (sector != expected)
        throw corrupt(device.place(grain.place),
                      fmt::format("grain marker: expected that of sector {}, found that of {}", expected, sector));
    const auto length = load_le<std::uint32_t>(ByteView(marker).subspan(8));
    if (length == 0 || length > length_max || length > rest - marker.size())
        throw corrupt(device.place(grain.place + ByteCount{8}),
                      fmt::format("grain marker: expected a stream of 1 to {} bytes, found {}",
                                  std::min(length_max, rest - marker.size()), length));
    Bytes stream(length);
    device.bytes->read(grain.place + ByteCount{marker.size()}, stream);
    return stream;
}

[[noreturn]] void fail(const NamedDevice& device, const CompressedGrain& grain, std::size_t expected,
                       const Inflater::Result& found) {
    throw corrupt(device.place(grain.place),
                  fmt::format("compressed grain {}: expected a zlib stream of {} bytes, found {} ({})", grain.index,
                              expected, found.bytes, found.problem.empty() ? "it is too short" : found.problem));
}

}  // namespace

void inflate_grain(const NamedDevice& device, const CompressedGrain& grain, ByteSpan out) {
    const Bytes stream = read_stream(device, grain);
    if (out.size() == grain.grain_size.value) {
        const Inflater::Result result = thread_inflater().run(stream, out);
        if (!result.is_whole || result.bytes != out.size()) fail(device, grain, out.size(), result);
        return;
    }
    Bytes whole(static_cast<std::size_t>(grain.grain_size.value));
    const Inflater::Result result = thread_inflater().run(stream, whole);
    if (!result.is_whole || result.bytes < out.size()) fail(device, grain, out.size(), result);
    std::copy_n(whole.begin(), out.size(), out.begin());
}

}  // namespace varve::vmdk
