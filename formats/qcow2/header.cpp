#include "formats/qcow2/header.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"
#include "formats/qcow2/features.h"

namespace varve::qcow2 {
namespace {

constexpr std::size_t header_bytes_v3 = 104;
constexpr std::size_t header_bytes_read = 112;
constexpr std::uint32_t snapshots_max = 65536;
constexpr std::uint32_t backing_name_bytes_max = 1023;
constexpr std::uint64_t disk_bytes_max = INT64_MAX;

/// A fixed field that breaks its limits.
Error bad_field(const ByteSource& file, std::string_view field, std::size_t at, std::string_view expected,
                std::uint64_t found) {
    return corrupt_image(
        file, fmt::format("qcow2 header field {} at byte {}: expected {}, found {}", field, at, expected, found));
}

/// Where the backing file's name is; offset 0: there is none.
struct BackingName {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
};

struct Parsed {
    Header header;
    BackingName backing;
    std::uint32_t refcount_table_clusters = 0;
};

/// Fields 0 to 71, which both versions have.
Parsed parse_common(ByteReader& in) {
    Parsed out;
    Header& header = out.header;
    in.skip(4);
    header.version = in.u32be();
    out.backing.offset = in.u64be();
    out.backing.length = in.u32be();
    header.cluster_bits = in.u32be();
    header.virtual_size = ByteCount{in.u64be()};
    header.crypt_method = static_cast<CryptMethod>(in.u32be());
    header.l1.entries = in.u32be();
    header.l1.offset = ByteOffset{in.u64be()};
    header.refcounts.offset = ByteOffset{in.u64be()};
    out.refcount_table_clusters = in.u32be();
    header.snapshots.records = in.u32be();
    header.snapshots.offset = ByteOffset{in.u64be()};
    return out;
}

void parse_v3(const ByteSource& file, ByteReader& in, Header& header) {
    header.features.incompatible = in.u64be();
    header.features.compatible = in.u64be();
    header.features.autoclear = in.u64be();
    header.refcount_order = in.u32be();
    header.header_length = in.u32be();
    if (header.refcount_order > 6) {
        header.problems.emplace_back(bad_field(file, "refcount_order", 96, "0 to 6", header.refcount_order).what());
        header.refcount_order = Header{}.refcount_order;
    }
    if (header.header_length < header_bytes_v3 || header.header_length % 8 != 0 ||
        header.header_length > header.cluster_size().value)
        throw bad_field(file, "header_length", 100, "a multiple of 8 from 104 to the cluster size",
                        header.header_length);
}

void parse_compression(const ByteSource& file, ByteReader& in, Header& header) {
    const bool flagged = (header.features.incompatible & incompatible_compression) != 0;
    const std::uint8_t type = header.header_length > header_bytes_v3 ? in.u8() : std::uint8_t{0};
    if (flagged != (type != 0))
        throw bad_field(file, "compression_type", header_bytes_v3,
                        flagged ? "a type other than 0, as incompatible feature bit 3 is set"
                                : "0, as incompatible feature bit 3 is clear",
                        type);
    if (type > 1) throw unsupported_image(file, fmt::format("compression type {} (header byte 104)", type));
    header.compression = static_cast<Compression>(type);
}

void check_aligned(const ByteSource& file, const Header& header, std::string_view field, std::size_t at,
                   ByteOffset offset) {
    if (offset.value % header.cluster_size().value != 0)
        throw bad_field(file, field, at, fmt::format("a multiple of the cluster size {}", header.cluster_size().value),
                        offset.value);
}

void check_encryption(const ByteSource& file, const Header& header) {
    const auto method = static_cast<std::uint32_t>(header.crypt_method);
    if (method > static_cast<std::uint32_t>(CryptMethod::luks))
        throw unsupported_image(file, fmt::format("an unknown encryption (crypt_method {})", method));
    if (header.crypt_method != CryptMethod::luks) return;
    if (!header.extensions.luks)
        throw corrupt_image(file,
                            "LUKS encryption (crypt_method 2): expected a header extension 0x537be77 with the place of "
                            "the LUKS header, found none");
    const ByteRange place = *header.extensions.luks;
    const std::uint64_t file_bytes = file.size().value;
    if (place.begin.value % header.cluster_size().value != 0)
        throw corrupt_image(file,
                            fmt::format("LUKS header: expected an offset that is a multiple of the cluster size {}, "
                                        "found {}",
                                        header.cluster_size().value, place.begin.value));
    if (place.begin.value > file_bytes || place.length.value > file_bytes - place.begin.value)
        throw corrupt_image(file,
                            fmt::format("LUKS header: expected its {} bytes at offset {} within the {} of the file",
                                        place.length.value, place.begin.value, file_bytes));
}

void check_data_file(const ByteSource& file, const Header& header) {
    if (header.has_data_file() && !header.extensions.data_file)
        throw corrupt_image(file,
                            "external data file (incompatible feature bit 2): expected a header extension 0x44415441 "
                            "with its name, found none");
    if (header.has_raw_data_file() && header.backing_name)
        throw corrupt_image(file,
                            "raw external data file (autoclear feature bit 1): expected no backing file, as the data "
                            "file is the whole disk, found one");
}

void check_refcount_table(const ByteSource& file, Parsed& parsed) {
    Header& header = parsed.header;
    const std::uint64_t clusters_max =
        std::max<std::uint64_t>(1, refcount_table_entries_max * 8 / header.cluster_size().value);
    if (parsed.refcount_table_clusters == 0 || parsed.refcount_table_clusters > clusters_max)
        throw bad_field(file, "refcount_table_clusters", 56, fmt::format("1 to {}", clusters_max),
                        parsed.refcount_table_clusters);
    header.refcounts.entries = parsed.refcount_table_clusters * (header.cluster_size().value / 8);
    check_aligned(file, header, "refcount_table_offset", 48, header.refcounts.offset);
    const std::uint64_t file_bytes = file.size().value;
    const ByteRange place = header.refcounts.range();
    if (place.begin.value > file_bytes || place.length.value > file_bytes - place.begin.value)
        throw bad_field(
            file, "refcount_table_offset", 48,
            fmt::format("a refcount table of {} bytes within the {} of the file", place.length.value, file_bytes),
            place.begin.value);
}

/// Reading needs no refcounts.
void ignore_bad_refcount_table(const ByteSource& file, Parsed& parsed) {
    try {
        check_refcount_table(file, parsed);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        parsed.header.problems.emplace_back(error.what());
        parsed.header.refcounts = {};
    }
}

std::optional<std::string> read_backing_name(const ByteSource& file, const Header& header, const BackingName& place) {
    if (place.offset == 0) return std::nullopt;
    if (place.length == 0 || place.length > backing_name_bytes_max)
        throw bad_field(file, "backing_file_size", 16, fmt::format("1 to {}", backing_name_bytes_max), place.length);
    if (place.offset < header.header_length || place.offset > header.cluster_size().value - place.length ||
        place.length > header.cluster_size().value)
        throw bad_field(file, "backing_file_offset", 8,
                        fmt::format("a place for {} bytes after the header in cluster 0", place.length), place.offset);
    std::string name(place.length, '\0');
    file.read_at(ByteOffset{place.offset}, std::as_writable_bytes(std::span(name)));
    if (name.find('\0') != std::string::npos)
        throw bad_field(file, "backing file name", place.offset, "a name without NUL, found one at index",
                        name.find('\0'));
    return name;
}

Extensions read_extensions(const ByteSource& file, const Header& header, const BackingName& backing) {
    const std::uint64_t end = backing.offset != 0 ? backing.offset : header.cluster_size().value;
    Bytes area(static_cast<std::size_t>(end - header.header_length));
    area.resize(read_some(file, ByteOffset{header.header_length}, area));
    return parse_extensions(
        file, area, ByteOffset{header.header_length},
        {header.backing_name.has_value(), header.has_data_file(), header.crypt_method == CryptMethod::luks});
}

Bytes read_start(const ByteSource& file) {
    Bytes start(header_bytes_read);
    start.resize(read_some(file, ByteOffset{}, start));
    if (start.size() < header_bytes_v2)
        throw corrupt_image(file,
                            fmt::format("expected a qcow2 header of at least {} bytes, found the end of the file at {}",
                                        header_bytes_v2, start.size()));
    if (load_be<std::uint32_t>(start) != magic)
        throw corrupt_image(file, fmt::format("expected the qcow2 magic {:#x} at byte 0, found {:#x}", magic,
                                              load_be<std::uint32_t>(start)));
    return start;
}

void check_version_and_cluster_size(const ByteSource& file, const Header& header) {
    if (header.version != 2 && header.version != 3)
        throw unsupported_image(file, fmt::format("qcow2 version {} (header byte 4)", header.version));
    if (header.cluster_bits < 9 || header.cluster_bits > 21)
        throw bad_field(file, "cluster_bits", 20, "9 to 21", header.cluster_bits);
}

void check_subcluster_size(const ByteSource& file, const Header& header) {
    if ((header.features.incompatible & incompatible_extended_l2) != 0 && header.cluster_bits < 14)
        throw bad_field(file, "cluster_bits", 20, "14 to 21, as the image has extended L2 entries",
                        header.cluster_bits);
}

/// Where the name of the backing file goes in a new header: at `at`.
BackingName place_backing_name(const Header& header, std::size_t at) {
    if (!header.backing_name) return {};
    const std::size_t length = header.backing_name->size();
    const std::size_t room = static_cast<std::size_t>(header.cluster_size().value) - at;
    const std::size_t length_max = std::min<std::size_t>(backing_name_bytes_max, room);
    if (length > length_max)
        throw Error(ErrorCode::usage,
                    fmt::format("the name of the backing file has {} bytes, and the header has room for {}", length,
                                length_max));
    return {at, static_cast<std::uint32_t>(length)};
}

/// The mirror of parse_common().
void put_common(ByteWriter& out, const Header& header, const BackingName& backing) {
    out.u32be(magic);
    out.u32be(header.version);
    out.u64be(backing.offset);
    out.u32be(backing.length);
    out.u32be(header.cluster_bits);
    out.u64be(header.virtual_size.value);
    out.u32be(static_cast<std::uint32_t>(header.crypt_method));
    out.u32be(static_cast<std::uint32_t>(header.l1.entries));
    out.u64be(header.l1.offset.value);
    out.u64be(header.refcounts.offset.value);
    out.u32be(static_cast<std::uint32_t>(header.refcounts.range().length.value / header.cluster_size().value));
    out.u32be(header.snapshots.records);
    out.u64be(header.snapshots.offset.value);
}

/// The mirror of parse_v3() and parse_compression().
void put_v3(ByteWriter& out, const Header& header) {
    out.u64be(header.features.incompatible);
    out.u64be(header.features.compatible);
    out.u64be(header.features.autoclear);
    out.u32be(header.refcount_order);
    out.u32be(header.header_length);
    out.u8(static_cast<std::uint8_t>(header.compression));
    out.zeros(7);
}

}  // namespace

Header read_header(const ByteSource& file) {
    const Bytes start = read_start(file);
    ByteReader in(start, fmt::format("'{}': qcow2 header", file.name()));
    Parsed parsed = parse_common(in);
    Header& header = parsed.header;
    check_version_and_cluster_size(file, header);
    if (header.version == 3) parse_v3(file, in, header);
    header.backing_name = read_backing_name(file, header, parsed.backing);
    header.extensions = read_extensions(file, header, parsed.backing);
    refuse_unknown_features(file, header.features, header.extensions.feature_names);
    check_encryption(file, header);
    check_subcluster_size(file, header);
    check_data_file(file, header);
    if (header.version == 3) parse_compression(file, in, header);
    if (header.virtual_size.value > disk_bytes_max)
        throw bad_field(file, "size", 24, fmt::format("at most {}", disk_bytes_max), header.virtual_size.value);
    ignore_bad_refcount_table(file, parsed);
    check_l1(file, header, header.l1, header.virtual_size, "the active disk");
    return header;
}

Bytes encode_header(const Header& header) {
    VARVE_CHECK(header.crypt_method != CryptMethod::aes && header.snapshots.records == 0);
    const Bytes extensions = encode_extensions(header.extensions);
    const BackingName backing = place_backing_name(header, header.header_length + extensions.size());
    ByteWriter out;
    put_common(out, header, backing);
    if (header.version >= 3) put_v3(out, header);
    VARVE_CHECK(out.size() == header.header_length);
    out.append(extensions);
    if (header.backing_name) out.append(bytes_of(*header.backing_name));
    return out.release();
}

Geometry Header::geometry() const {
    return {version, cluster_bits, (features.incompatible & incompatible_extended_l2) != 0, has_data_file()};
}

bool Header::has_data_file() const { return (features.incompatible & incompatible_data_file) != 0; }

bool Header::has_raw_data_file() const {
    return has_data_file() && (features.autoclear & autoclear_data_file_raw) != 0;
}

void check_snapshots_place(const ByteSource& file, const Header& header) {
    if (header.snapshots.records > snapshots_max)
        throw bad_field(file, "nb_snapshots", 60, fmt::format("at most {}", snapshots_max), header.snapshots.records);
    if (header.snapshots.records != 0) check_aligned(file, header, "snapshots_offset", 64, header.snapshots.offset);
}

std::uint64_t l1_entries_needed(const Header& header, ByteCount virtual_size) {
    return divide_up(virtual_size.value, header.geometry().l2_span());
}

void check_l1(const ByteSource& file, const Header& header, const TablePlace& l1, ByteCount virtual_size,
              const std::string& owner) {
    const auto fail = [&](const std::string& what) {
        throw corrupt_image(file, fmt::format("L1 table of {}: {}", owner, what));
    };
    const std::uint64_t needed = l1_entries_needed(header, virtual_size);
    if (l1.entries > l1_entries_max)
        fail(fmt::format("expected at most {} entries, found {}", l1_entries_max, l1.entries));
    if (l1.entries < needed)
        fail(
            fmt::format("expected at least {} entries for {} bytes, found {}", needed, virtual_size.value, l1.entries));
    if (l1.offset.value % header.cluster_size().value != 0)
        fail(fmt::format("expected an offset that is a multiple of {}, found {}", header.cluster_size().value,
                         l1.offset.value));
    const std::uint64_t file_bytes = file.size().value;
    if (l1.entries != 0 && (l1.offset.value > file_bytes || l1.range().length.value > file_bytes - l1.offset.value))
        fail(fmt::format("expected {} bytes at offset {}, found the end of the file at {}", l1.range().length.value,
                         l1.offset.value, file_bytes));
}

}  // namespace varve::qcow2
