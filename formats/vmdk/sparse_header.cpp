#include "formats/vmdk/sparse_header.h"

#include <algorithm>
#include <bit>
#include <concepts>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/check.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/magic.h"

namespace varve::vmdk {
namespace {

constexpr std::uint32_t version_max = 3;
constexpr std::uint32_t flag_newline_check = 1;
constexpr std::uint32_t flag_redundant_directory = 2;
constexpr std::uint32_t flag_zero_grains = 4;
constexpr std::uint32_t flag_compressed = 0x10000;
constexpr std::uint32_t flag_markers = 0x20000;
constexpr std::uint64_t directory_at_end = ~std::uint64_t{0};
constexpr std::uint32_t newline_check = 0x0a0d200a;
constexpr std::uint64_t grain_sectors_min = 8;
constexpr std::uint64_t grain_sectors_max = 1 << 21;
constexpr std::uint64_t compressed_grain_sectors_max = 8 << 11;  // a grain and its stream must fit into memory
constexpr std::uint32_t grains_per_table_max = 512;
constexpr std::uint64_t tables_max = 32 << 20;
constexpr std::uint16_t deflate = 1;

/// Reads the fields in order and checks each by itself.
class HeaderFields {
public:
    HeaderFields(ByteView bytes, const ByteSourcePtr& device, ByteOffset at)
        : fields_(bytes, "sparse extent header"), device_(device), at_(at) {}

    std::uint8_t u8() { return fields_.u8(); }
    std::uint16_t u16() { return fields_.u16le(); }
    std::uint32_t u32() { return fields_.u32le(); }
    std::uint64_t u64() { return fields_.u64le(); }
    void skip(std::size_t bytes) { fields_.skip(bytes); }

    /// A sector number or count, as bytes.
    std::uint64_t sectors(const char* field) {
        const std::uint64_t value = fields_.u64le();
        if (value > disk_sectors_max)
            fail(8, fmt::format("{}: expected at most {} sectors, found {}", field, disk_sectors_max, value));
        return value * sector_bytes;
    }

    /// About the field of `bytes` bytes that was read last.
    [[noreturn]] void fail(std::size_t bytes, std::string_view what) const { throw corrupt(place(bytes), what); }
    std::string place(std::size_t bytes) const { return device_->place(at_ + ByteCount{fields_.position() - bytes}); }

private:
    ByteReader fields_;
    const ByteSourcePtr& device_;
    ByteOffset at_;
};

void read_grain_size(HeaderFields& fields, SparseHeader& header) {
    const std::uint64_t sectors = fields.u64();
    const std::uint64_t most = header.is_compressed ? compressed_grain_sectors_max : grain_sectors_max;
    if (!std::has_single_bit(sectors) || sectors < grain_sectors_min || sectors > most)
        fields.fail(8, fmt::format("grainSize: expected a power of two from {} to {} sectors, found {}",
                                   grain_sectors_min, most, sectors));
    header.grain_size = ByteCount{sectors * sector_bytes};
}

void read_descriptor_place(HeaderFields& fields, SparseHeader& header) {
    const std::uint64_t offset = fields.sectors("descriptorOffset");
    const std::uint64_t size = fields.sectors("descriptorSize");
    if (offset == 0) return;
    if (size == 0 || size > descriptor_bytes_max)
        fields.fail(8, fmt::format("descriptorSize: expected 1 to {} sectors, found {}",
                                   descriptor_bytes_max / sector_bytes, size / sector_bytes));
    header.descriptor = ByteRange{ByteOffset{offset}, ByteCount{size}};
}

void read_table_shape(HeaderFields& fields, SparseHeader& header) {
    header.grains_per_table = fields.u32();
    if (header.grains_per_table == 0 || header.grains_per_table > grains_per_table_max)
        fields.fail(
            4, fmt::format("numGTEsPerGT: expected 1 to {}, found {}", grains_per_table_max, header.grains_per_table));
    if (header.tables() > tables_max)
        fields.fail(4,
                    fmt::format("capacity: expected at most {} grain tables, found {}", tables_max, header.tables()));
}

void read_directories(HeaderFields& fields, SparseHeader& header, bool has_redundant) {
    const std::uint64_t redundant = fields.u64();
    if (has_redundant && redundant != 0 && redundant <= disk_sectors_max)
        header.redundant_directory = ByteOffset{redundant * sector_bytes};
    const std::uint64_t first = fields.u64();
    // A directory outside of any file is damage that the redundant directory may make up for.
    if (first != directory_at_end)
        header.directory = ByteOffset{(first <= disk_sectors_max ? first : disk_sectors_max) * sector_bytes};
}

std::uint32_t flags_of(const SparseHeader& header) {
    return flag_newline_check | (header.redundant_directory ? flag_redundant_directory : 0) |
           (header.has_zero_grains ? flag_zero_grains : 0) | (header.is_compressed ? flag_compressed : 0) |
           (header.has_markers ? flag_markers : 0);
}

std::uint64_t to_sectors(std::uint64_t bytes) {
    VARVE_CHECK(bytes % sector_bytes == 0);
    return bytes / sector_bytes;
}

void read_newline_check(HeaderFields& fields, bool is_checked) {
    const std::uint32_t found = fields.u32();
    if (is_checked && found != newline_check)
        fields.fail(4, fmt::format("newline check: expected {:#010x}, found {:#010x}: the file was transferred as text",
                                   newline_check, found));
}

}  // namespace

SparseHeader read_sparse_header(const ByteSourcePtr& device, ByteOffset at) {
    std::array<std::byte, SparseHeader::encoded_bytes> bytes;
    device->read_at(at, bytes);
    HeaderFields fields(bytes, device, at);
    SparseHeader header;
    if (fields.u32() != hosted_magic) fields.fail(4, "expected the magic 'KDMV' of a sparse extent, found none");
    header.version = fields.u32();
    if (header.version == 0 || header.version > version_max)
        throw unsupported(fields.place(4), fmt::format("a sparse extent of version {}", header.version));
    const std::uint32_t flags = fields.u32();
    header.has_zero_grains = (flags & flag_zero_grains) != 0;
    header.is_compressed = (flags & flag_compressed) != 0;
    header.has_markers = (flags & flag_markers) != 0;
    header.capacity = ByteCount{fields.sectors("capacity")};
    read_grain_size(fields, header);
    read_descriptor_place(fields, header);
    read_table_shape(fields, header);
    read_directories(fields, header, (flags & flag_redundant_directory) != 0);
    header.data_begin = ByteOffset{fields.sectors("overHead")};
    header.is_unclean = fields.u8() != 0;
    read_newline_check(fields, (flags & flag_newline_check) != 0);
    const std::uint16_t algorithm = fields.u16();
    if (header.is_compressed && algorithm > deflate)
        throw unsupported(fields.place(2), fmt::format("compression algorithm {}", algorithm));
    return header;
}

Bytes encode_sparse_header(const SparseHeader& header) {
    Bytes out(SparseHeader::encoded_bytes);
    const auto put = [&]<std::unsigned_integral T>(std::size_t at, T value) {
        store_le<T>(ByteSpan(out).subspan(at, sizeof(T)), value);
    };
    const ByteRange descriptor = header.descriptor.value_or(ByteRange{});
    put(0, hosted_magic);
    put(4, header.version);
    put(8, flags_of(header));
    put(12, to_sectors(header.capacity.value));
    put(20, to_sectors(header.grain_size.value));
    put(28, to_sectors(descriptor.begin.value));
    put(36, to_sectors(descriptor.length.value));
    put(44, header.grains_per_table);
    put(48, to_sectors(header.redundant_directory.value_or(ByteOffset{}).value));
    put(56, header.directory ? to_sectors(header.directory->value) : directory_at_end);
    put(64, to_sectors(header.data_begin.value));
    put(72, static_cast<std::uint8_t>(header.is_unclean));
    put(73, newline_check);
    put(77, header.is_compressed ? deflate : std::uint16_t{0});
    return out;
}

}  // namespace varve::vmdk
