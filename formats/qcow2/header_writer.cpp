#include "formats/qcow2/header_writer.h"

#include <bit>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/qcow2/features.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint32_t header_length_v2 = 72;
constexpr std::uint32_t header_length_v3 = 112;
constexpr std::uint32_t backing_format_extension = 0xe2792aca;
constexpr std::size_t extension_head_bytes = 8;
constexpr std::size_t backing_name_bytes_max = 1023;

class HeaderBytes {
public:
    explicit HeaderBytes(std::size_t length) : bytes_(length) {}

    void put32(std::size_t at, std::uint32_t value) { store_be<std::uint32_t>(ByteSpan(bytes_).subspan(at, 4), value); }
    void put64(std::size_t at, std::uint64_t value) { store_be<std::uint64_t>(ByteSpan(bytes_).subspan(at, 8), value); }
    /// Grows by an extension, padded to 8 bytes.
    void append_extension(std::uint32_t type, std::string_view data) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + extension_head_bytes);
        put32(at, type);
        put32(at + 4, static_cast<std::uint32_t>(data.size()));
        append(data);
        bytes_.resize(divide_up(bytes_.size(), 8) * 8);
    }
    void append(std::string_view text) {
        const ByteView view = bytes_of(text);
        bytes_.insert(bytes_.end(), view.begin(), view.end());
    }
    std::size_t size() const { return bytes_.size(); }
    Bytes take() { return std::move(bytes_); }

private:
    Bytes bytes_;
};

std::uint64_t incompatible_features(const CreationOptions& options) {
    return (options.compression == Compression::zlib ? 0 : incompatible_compression) |
           (options.extended_l2 ? incompatible_extended_l2 : 0);
}

void put_version_3(HeaderBytes& out, const CreationOptions& options) {
    out.put64(72, incompatible_features(options));
    out.put64(80, options.lazy_refcounts ? compatible_lazy_refcounts : 0);
    out.put32(96, static_cast<std::uint32_t>(std::countr_zero(options.refcount_bits)));
    out.put32(100, header_length_v3);
    out.put32(104, static_cast<std::uint32_t>(options.compression) << 24);  // one byte, then padding
}

void append_backing(HeaderBytes& out, const CreationOptions& options) {
    if (options.backing_format) out.append_extension(backing_format_extension, *options.backing_format);
    out.append_extension(0, "");  // the end of the list
    if (!options.backing_file) return;
    const std::size_t length = options.backing_file->size();
    if (length > backing_name_bytes_max || out.size() + length > options.cluster_size().value)
        throw Error(ErrorCode::usage,
                    fmt::format("the name of the backing file has {} bytes, and the header has room for {}", length,
                                std::min(backing_name_bytes_max,
                                         static_cast<std::size_t>(options.cluster_size().value) - out.size())));
    out.put64(8, out.size());
    out.put32(16, static_cast<std::uint32_t>(length));
    out.append(*options.backing_file);
}

}  // namespace

Bytes encode_header(const NewHeader& header) {
    const CreationOptions& options = header.options;
    HeaderBytes out(options.version == 2 ? header_length_v2 : header_length_v3);
    out.put32(0, magic);
    out.put32(4, options.version);
    out.put32(20, options.cluster_bits);
    out.put64(24, header.virtual_size.value);
    out.put32(36, header.l1.entries);
    out.put64(40, header.l1.begin.value);
    out.put64(48, header.refcount_table.begin.value);
    out.put32(56, header.refcount_table.clusters);
    if (options.version >= 3) put_version_3(out, options);
    append_backing(out, options);
    return out.take();
}

}  // namespace varve::qcow2
