#include "formats/qed/header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"

namespace varve::qed {
namespace {

constexpr std::uint32_t magic = 0x00444551;  // "QED\0"
constexpr std::uint64_t disk_bytes_max = std::numeric_limits<std::int64_t>::max() / sector_bytes * sector_bytes;

// Bits of `features`.
constexpr std::uint64_t feature_backing_file = 1;
constexpr std::uint64_t feature_needs_check = 2;
constexpr std::uint64_t feature_raw_backing = 4;
constexpr std::uint64_t features_known = feature_backing_file | feature_needs_check | feature_raw_backing;

Error bad_field(const ByteSource& file, std::string_view field, std::size_t at, std::string_view expected,
                std::uint64_t found) {
    return corrupt_image(file, fmt::format("{} at byte {}: expected {}, found {}", field, at, expected, found));
}

void check_power_of_two(const ByteSource& file, std::string_view field, std::size_t at, std::uint64_t found,
                        std::uint64_t from, std::uint64_t to) {
    if (!std::has_single_bit(found) || found < from || found > to)
        throw bad_field(file, field, at, fmt::format("a power of two from {} to {}", from, to), found);
}

void parse_features(const ByteSource& file, ByteReader& in, Header& header, bool& has_backing) {
    const std::uint64_t features = in.u64le();
    const std::uint64_t unknown = features & ~features_known;
    if (unknown != 0) throw unsupported_image(file, fmt::format("the QED feature bit {}", std::countr_zero(unknown)));
    has_backing = (features & feature_backing_file) != 0;
    header.needs_check = (features & feature_needs_check) != 0;
    header.has_raw_backing = (features & feature_raw_backing) != 0;
    for (const char* kind : {"compatible", "autoclear"})
        for (std::uint64_t bits = in.u64le(); bits != 0; bits &= bits - 1)
            header.ignored_bits.push_back(fmt::format("{} feature bit {}", kind, std::countr_zero(bits)));
}

void check_place(const ByteSource& file, const Header& header) {
    const std::uint64_t file_bytes = file.size().value;
    const std::uint64_t bytes = header.table_bytes().value;
    if (header.l1.value % header.cluster_size.value != 0 || header.l1.value == 0 || header.l1.value > file_bytes ||
        bytes > file_bytes - header.l1.value)
        throw bad_field(file, "l1_table_offset", 40,
                        fmt::format("a multiple of {} with {} bytes of table within the {} of the file",
                                    header.cluster_size.value, bytes, file_bytes),
                        header.l1.value);
}

void check_size(const ByteSource& file, const Header& header) {
    const std::uint64_t largest = std::min(disk_bytes_max, header.virtual_size_max().value);
    if (header.virtual_size.value % sector_bytes != 0 || header.virtual_size.value > largest)
        throw bad_field(file, "image_size", 48, fmt::format("a multiple of {} up to {}", sector_bytes, largest),
                        header.virtual_size.value);
}

std::string read_backing_name(const ByteSource& file, const Header& header, std::uint32_t place, std::uint32_t length) {
    const std::uint64_t room = header.header_clusters * header.cluster_size.value;
    if (length == 0 || length > backing_name_bytes_max)
        throw bad_field(file, "backing_filename_size", 60, fmt::format("1 to {}", backing_name_bytes_max), length);
    if (place < header_bytes || place > room || length > room - place)
        throw bad_field(file, "backing_filename_offset", 56,
                        fmt::format("a place for {} bytes in the {} of the header", length, room), place);
    std::string name(length, '\0');
    file.read_at(ByteOffset{place}, std::as_writable_bytes(std::span(name)));
    if (const std::size_t nul = name.find('\0'); nul != std::string::npos)
        throw bad_field(file, "backing file name", place, "a name without NUL, found one at index", nul);
    return name;
}

}  // namespace

ByteCount Header::virtual_size_max() const {
    const auto clusters = checked_mul(table_entries(), table_entries());
    const auto bytes = clusters ? checked_mul(*clusters, cluster_size.value) : std::nullopt;
    return {bytes.value_or(~std::uint64_t{0}) / sector_bytes * sector_bytes};
}

Header read_header(const ByteSource& file) {
    std::array<std::byte, header_bytes> start{};
    const std::size_t got = read_some(file, ByteOffset{}, start);
    if (got < start.size())
        throw corrupt_image(
            file, fmt::format("expected a QED header of {} bytes, found the end of the file at {}", header_bytes, got));
    ByteReader in(start, fmt::format("'{}': QED header", file.name()));
    if (const std::uint32_t found = in.u32le(); found != magic)
        throw corrupt_image(file, fmt::format("expected the QED magic {:#x} at byte 0, found {:#x}", magic, found));
    Header header;
    header.cluster_size = ByteCount{in.u32le()};
    header.table_clusters = in.u32le();
    header.header_clusters = in.u32le();
    check_power_of_two(file, "cluster_size", 4, header.cluster_size.value, 4096, 64 << 20);
    check_power_of_two(file, "table_size", 8, header.table_clusters, 1, 16);
    bool has_backing = false;
    parse_features(file, in, header, has_backing);
    header.l1 = ByteOffset{in.u64le()};
    header.virtual_size = ByteCount{in.u64le()};
    const std::uint32_t name_at = in.u32le();
    const std::uint32_t name_length = in.u32le();
    check_size(file, header);
    check_place(file, header);
    if (has_backing) header.backing_name = read_backing_name(file, header, name_at, name_length);
    return header;
}

Bytes encode_header(const Header& header) {
    const std::string name = header.backing_name.value_or("");
    if (name.size() > backing_name_bytes_max)
        throw Error(ErrorCode::usage,
                    fmt::format("the name of the backing file has {} bytes, and QED records at most {}", name.size(),
                                backing_name_bytes_max));
    ByteWriter out;
    out.u32le(magic);
    out.u32le(static_cast<std::uint32_t>(header.cluster_size.value));
    out.u32le(header.table_clusters);
    out.u32le(header.header_clusters);
    out.u64le((name.empty() ? 0 : feature_backing_file) | (header.has_raw_backing ? feature_raw_backing : 0));
    out.u64le(0);
    out.u64le(0);
    out.u64le(header.l1.value);
    out.u64le(header.virtual_size.value);
    out.u32le(name.empty() ? 0 : header_bytes);
    out.u32le(static_cast<std::uint32_t>(name.size()));
    out.append(bytes_of(name));
    return out.release();
}

}  // namespace varve::qed
