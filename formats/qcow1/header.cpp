#include "formats/qcow1/header.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"

namespace varve::qcow1 {
namespace {

constexpr std::uint32_t magic = 0x514649fb;  // "QFI\xfb"
constexpr std::uint64_t disk_bytes_max = std::numeric_limits<std::int64_t>::max();

Error bad_field(const ByteSource& file, std::string_view field, std::size_t at, std::string_view expected,
                std::uint64_t found) {
    return corrupt_image(file, fmt::format("{} at byte {}: expected {}, found {}", field, at, expected, found));
}

void check_range(const ByteSource& file, std::string_view field, std::size_t at, std::uint64_t found,
                 std::uint64_t from, std::uint64_t to) {
    if (found < from || found > to) throw bad_field(file, field, at, fmt::format("{} to {}", from, to), found);
}

std::optional<std::string> read_backing_name(const ByteSource& file, std::uint64_t place, std::uint32_t length) {
    if (place == 0) return std::nullopt;
    check_range(file, "backing_file_size", 16, length, 1, backing_name_bytes_max);
    const std::uint64_t file_bytes = file.size().value;
    if (place < header_bytes || place > file_bytes || length > file_bytes - place)
        throw bad_field(file, "backing_file_offset", 8,
                        fmt::format("a place for {} bytes after the header and within the file", length), place);
    std::string name(length, '\0');
    file.read_at(ByteOffset{place}, std::as_writable_bytes(std::span(name)));
    if (const std::size_t nul = name.find('\0'); nul != std::string::npos)
        throw bad_field(file, "backing file name", static_cast<std::size_t>(place),
                        "a name without NUL, found one at index", nul);
    return name;
}

void check_l1(const ByteSource& file, const Header& header) {
    const ByteRange l1 = header.l1_range();
    const std::uint64_t file_bytes = file.size().value;
    if (l1.empty()) return;
    if (l1.begin.value < header_bytes || l1.begin.value > file_bytes || l1.length.value > file_bytes - l1.begin.value)
        throw bad_field(
            file, "l1_table_offset", 40,
            fmt::format("a place for an L1 table of {} bytes after the header and within the {} of the file",
                        l1.length.value, file_bytes),
            l1.begin.value);
}

}  // namespace

Header read_header(const ByteSource& file) {
    std::array<std::byte, header_bytes> start{};
    const std::size_t got = read_some(file, ByteOffset{}, start);
    if (got < start.size())
        throw corrupt_image(file, fmt::format("expected a qcow header of {} bytes, found the end of the file at {}",
                                              header_bytes, got));
    ByteReader in(start, fmt::format("'{}': qcow header", file.name()));
    if (const std::uint32_t found = in.u32be(); found != magic)
        throw corrupt_image(file, fmt::format("expected the qcow magic {:#x} at byte 0, found {:#x}", magic, found));
    if (const std::uint32_t version = in.u32be(); version != 1)
        throw unsupported_image(file, fmt::format("version {} of qcow (header byte 4) under the name qcow", version));
    Header header;
    const std::uint64_t name_at = in.u64be();
    const std::uint32_t name_length = in.u32be();
    in.skip(4);  // the backing file's time, which nothing sets
    header.virtual_size = ByteCount{in.u64be()};
    header.cluster_bits = in.u8();
    header.l2_bits = in.u8();
    in.skip(2);
    const std::uint32_t crypt_method = in.u32be();
    header.l1 = ByteOffset{in.u64be()};
    check_range(file, "size", 24, header.virtual_size.value, 0, disk_bytes_max);
    check_range(file, "cluster_bits", 32, header.cluster_bits, 9, 16);
    check_range(file, "l2_bits", 33, header.l2_bits, 6, 13);
    if (crypt_method > 1)
        throw unsupported_image(file, fmt::format("an unknown encryption (crypt_method {})", crypt_method));
    header.is_encrypted = crypt_method == 1;
    header.backing_name = read_backing_name(file, name_at, name_length);
    check_l1(file, header);
    return header;
}

Bytes encode_header(const Header& header) {
    const std::string name = header.backing_name.value_or("");
    if (name.size() > backing_name_bytes_max)
        throw Error(ErrorCode::usage,
                    fmt::format("the name of the backing file has {} bytes, and qcow records at most {}", name.size(),
                                backing_name_bytes_max));
    ByteWriter out;
    out.u32be(magic);
    out.u32be(1);
    out.u64be(name.empty() ? 0 : header_bytes);
    out.u32be(static_cast<std::uint32_t>(name.size()));
    out.u32be(0);
    out.u64be(header.virtual_size.value);
    out.u8(static_cast<std::uint8_t>(header.cluster_bits));
    out.u8(static_cast<std::uint8_t>(header.l2_bits));
    out.zeros(2);
    out.u32be(header.is_encrypted ? 1 : 0);
    out.u64be(header.l1.value);
    out.append(bytes_of(name));
    return out.release();
}

}  // namespace varve::qcow1
