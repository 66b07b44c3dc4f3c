#include "formats/uml_cow/header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "formats/base/image_error.h"

namespace varve::uml_cow {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic_big = "OOOM"sv;
constexpr std::string_view magic_little = "MOOO"sv;
constexpr std::size_t version_at = 4;
constexpr std::size_t start_bytes = 8192;  // more than the longest header
constexpr std::uint64_t disk_bytes_max = std::numeric_limits<std::int64_t>::max();

/// How the length of the bitmap was computed.
enum class BitmapLength { rounded_down, rounded_up };

/// Where the fields are; all places in bytes.
struct Layout {
    unsigned version;
    std::size_t name, name_bytes, size, sector_size, length;
    BitmapLength bitmap_length;
    std::size_t alignment =
        0;  ///< of the map and the data; the kind of map is in the next field. 0: the version has neither
};

// The second layout of a pair is that of 64-bit hosts.
constexpr std::array layouts{
    Layout{1, 8, 256, 268, 276, 280, BitmapLength::rounded_down},
    Layout{1, 8, 256, 272, 280, 288, BitmapLength::rounded_down},
    Layout{2, 8, 1024, 1036, 1044, 1048, BitmapLength::rounded_up},  // QEMU
    Layout{2, 8, 1024, 1040, 1048, 1056, BitmapLength::rounded_up},  // QEMU
    Layout{2, 8, 4096, 4108, 4116, 4120, BitmapLength::rounded_down},
    Layout{2, 8, 4096, 4112, 4120, 4128, BitmapLength::rounded_down},
    Layout{3, 32, 4096, 12, 20, 4128, BitmapLength::rounded_up, 24},
    Layout{3, 36, 4096, 16, 24, 4136, BitmapLength::rounded_up, 28},
};

/// The beginning of a file, in the byte order of the host that wrote it; only version 1 differs by host.
struct Start {
    Bytes bytes;
    std::endian order = std::endian::big;

    std::uint32_t u32(std::size_t at) const { return load<std::uint32_t>(at); }
    std::uint64_t u64(std::size_t at) const { return load<std::uint64_t>(at); }

    template <typename T>
    T load(std::size_t at) const {
        const ByteView field = ByteView(bytes).subspan(at, sizeof(T));
        return order == std::endian::big ? load_be<T>(field) : load_le<T>(field);
    }
};

bool is_magic(std::string_view word) { return word == magic_big || word == magic_little; }

Start read_start(const ByteSource& file) {
    Start start{Bytes(start_bytes)};
    start.bytes.resize(read_some(file, ByteOffset{}, start.bytes));
    if (start.bytes.size() < version_at + 4 || !is_magic(text_of(start.bytes).substr(0, version_at)))
        throw corrupt(file, "expected the magic 'OOOM' of a User-Mode Linux disk at byte 0, found other bytes");
    if (text_of(start.bytes).starts_with(magic_little)) start.order = std::endian::little;
    return start;
}

const Layout& layout_of(const ByteSource& file, const Start& start) {
    const std::uint32_t version = start.u32(version_at);
    if (version < 1 || version > 3)
        throw unsupported_image(file, fmt::format("version {} of the format (byte 4)", version));
    std::string places;
    for (const Layout& layout : layouts) {
        if (layout.version != version) continue;
        if (start.bytes.size() >= layout.length && start.u32(layout.sector_size) == sector_bytes) return layout;
        places += fmt::format("{}{}", places.empty() ? "" : " or ", layout.sector_size);
    }
    throw corrupt(file, fmt::format("header of version {}: expected a sector size of {} at byte {}, found other "
                                    "values, or the end of the file",
                                    version, sector_bytes, places));
}

std::string name_in(const ByteSource& file, const Start& start, const Layout& layout) {
    const std::string_view field = text_of(ByteView(start.bytes).subspan(layout.name, layout.name_bytes));
    const std::size_t length = field.find('\0');
    if (length == field.npos)
        throw corrupt(file, fmt::format("backing file name at byte {}: expected a NUL in its {} bytes, found none",
                                        layout.name, layout.name_bytes));
    return std::string(field.substr(0, length));
}

/// The value of the field; 512 where the version has none.
std::uint64_t alignment_in(const ByteSource& file, const Start& start, const Layout& layout) {
    if (layout.alignment == 0) return sector_bytes;
    constexpr std::uint32_t alignment_max = 16 << 20;
    const std::uint32_t alignment = start.u32(layout.alignment);
    if (!std::has_single_bit(alignment) || alignment < sector_bytes || alignment > alignment_max)
        throw corrupt(file, fmt::format("alignment at byte {}: expected a power of two from {} to {}, found {}",
                                        layout.alignment, sector_bytes, alignment_max, alignment));
    if (const std::uint32_t kind = start.u32(layout.alignment + 4); kind != 0)
        throw unsupported_image(file,
                                fmt::format("the kind {} of map (cow_format at byte {})", kind, layout.alignment + 4));
    return alignment;
}

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) { return divide_up(value, unit) * unit; }

void place_bitmap_and_data(const ByteSource& file, const Layout& layout, std::uint64_t alignment, Header& header) {
    const std::uint64_t sectors = divide_up(header.virtual_size.value, sector_bytes);
    const std::uint64_t complete = divide_up(sectors, 8);
    const std::uint64_t recorded = layout.bitmap_length == BitmapLength::rounded_up ? complete : sectors / 8;
    header.bitmap.begin = ByteOffset{layout.alignment == 0 ? layout.length : rounded_up(layout.length, alignment)};
    header.data = ByteOffset{rounded_up(header.bitmap.begin.value + recorded, alignment)};
    header.bitmap.length = std::min(ByteCount{complete}, header.data - header.bitmap.begin);
    const std::uint64_t file_bytes = file.size().value;
    if (header.bitmap.begin.value + recorded > file_bytes)
        throw corrupt(
            file, fmt::format("size at byte {}: expected a disk whose map of {} bytes at byte {} is within "
                              "the {} of the file, found {} bytes",
                              layout.size, recorded, header.bitmap.begin.value, file_bytes, header.virtual_size.value));
    header.bitmap.length = std::min(header.bitmap.length, ByteOffset{file_bytes} - header.bitmap.begin);
}

}  // namespace

bool has_magic(std::string_view start) {
    // Version 1 has its magic and version in the byte order of its host.
    return start.starts_with("OOOM\0\0\0\1"sv) || start.starts_with("OOOM\0\0\0\2"sv) ||
           start.starts_with("OOOM\0\0\0\3"sv) || start.starts_with("MOOO\1\0\0\0"sv);
}

Header read_header(const ByteSource& file) {
    const Start start = read_start(file);
    const Layout& layout = layout_of(file, start);
    Header header;
    header.version = layout.version;
    header.virtual_size = ByteCount{start.u64(layout.size)};
    if (header.virtual_size.value > disk_bytes_max)
        throw corrupt(file, fmt::format("size at byte {}: expected at most {}, found {}", layout.size, disk_bytes_max,
                                        header.virtual_size.value));
    header.backing_name = name_in(file, start, layout);
    place_bitmap_and_data(file, layout, alignment_in(file, start, layout), header);
    return header;
}

Error corrupt(const ByteSource& file, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("'{}': {}; the image is damaged, use an older copy", file.name(), what));
}

}  // namespace varve::uml_cow
