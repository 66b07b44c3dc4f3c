#include "formats/qcow2_header_writer.h"

#include "formats/qcow2_header.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint32_t version = 3;
constexpr std::uint32_t header_length = 112;
constexpr std::size_t end_of_extensions_bytes = 8;

}  // namespace

Bytes encode_header(const NewHeader& header) {
    Bytes out(header_length + end_of_extensions_bytes);
    const auto put32 = [&](std::size_t at, std::uint32_t value) {
        store_be<std::uint32_t>(ByteSpan(out).subspan(at, 4), value);
    };
    const auto put64 = [&](std::size_t at, std::uint64_t value) {
        store_be<std::uint64_t>(ByteSpan(out).subspan(at, 8), value);
    };
    put32(0, magic);
    put32(4, version);
    put32(20, header.cluster_bits);
    put64(24, header.virtual_size.value);
    put32(36, header.l1.entries);
    put64(40, header.l1.begin.value);
    put64(48, header.refcount_table.begin.value);
    put32(56, header.refcount_table.clusters);
    put32(96, refcount_order);
    put32(100, header_length);
    return out;  // zero: backing file, encryption, snapshots, feature bits, compression type zlib, end of extensions
}

}  // namespace varve::qcow2
