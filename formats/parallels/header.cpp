#include "formats/parallels/header.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace varve::parallels {
namespace {

constexpr std::uint32_t version_read = 2;
constexpr std::size_t version_at = 16;
constexpr std::size_t cluster_at = 28;
constexpr std::size_t entries_at = 32;
constexpr std::size_t sectors_at = 36;
constexpr std::size_t in_use_at = 44;
constexpr std::size_t data_at = 48;
constexpr std::size_t flags_at = 52;
constexpr std::size_t extension_at = 56;

/// qemu's limit is close to it. An entry of 32 bits times such a cluster stays below 2^63 bytes.
constexpr std::uint64_t cluster_sectors_max = (std::uint64_t{1} << 22) - 1;
constexpr std::uint64_t disk_sectors_max = std::numeric_limits<std::int64_t>::max() / 512;

constexpr std::uint32_t heads_written = 16;
constexpr std::uint64_t sectors_in_track_written = 32;

Error bad_field(const ByteSource& device, std::string_view field, std::size_t at, std::string_view expected,
                std::uint64_t found) {
    return corrupt(device, ByteOffset{at},
                   fmt::format("header field {}: expected {}, found {}", field, expected, found));
}

std::uint32_t u32_at(ByteView start, std::size_t at) { return load_le<std::uint32_t>(start.subspan(at)); }
std::uint64_t u64_at(ByteView start, std::size_t at) { return load_le<std::uint64_t>(start.subspan(at)); }

Bytes read_start(const ByteSource& device) {
    Bytes start(header_bytes);
    start.resize(read_some(device, ByteOffset{}, start));
    if (start.size() < header_bytes)
        throw corrupt(device, ByteOffset{start.size()},
                      fmt::format("expected a Parallels header of {} bytes, found the end of the file", header_bytes));
    return start;
}

bool is_extended_magic(const ByteSource& device, ByteView start) {
    const std::string_view magic = text_of(start.first(old_magic.size()));
    if (magic == extended_magic) return true;
    if (magic == old_magic) return false;
    throw corrupt(device, ByteOffset{},
                  fmt::format("expected the magic {} or {}, found something else", old_magic, extended_magic));
}

void check_sizes(const ByteSource& device, const Header& header, std::uint64_t sectors) {
    const std::uint64_t cluster_sectors = header.cluster_size.value / sector.value;
    if (cluster_sectors == 0 || cluster_sectors > cluster_sectors_max)
        throw bad_field(device, "sectors in a cluster", cluster_at, fmt::format("1 to {}", cluster_sectors_max),
                        cluster_sectors);
    if (sectors > disk_sectors_max)
        throw bad_field(device, "sectors in the disk", sectors_at, fmt::format("at most {}", disk_sectors_max),
                        sectors);
    const std::uint64_t needed = divide_up(sectors, cluster_sectors);
    if (header.entries < needed)
        throw bad_field(device, "entries in the table", entries_at,
                        fmt::format("at least {} for {} sectors", needed, sectors), header.entries);
    if (header.table().end().value > device.size().value)
        throw bad_field(device, "entries in the table", entries_at,
                        fmt::format("a table that ends in the file of {} bytes", device.size().value), header.entries);
}

}  // namespace

Header read_header(const ByteSourcePtr& device) {
    const Bytes start = read_start(*device);
    Header header;
    header.is_extended = is_extended_magic(*device, start);
    if (u32_at(start, version_at) != version_read)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: version {} of the Parallels format, but this version of varve reads only {}; "
                                "convert the disk with Parallels' own 'prl_disk_tool' and use the copy",
                                device->place(ByteOffset{version_at}), u32_at(start, version_at), version_read));
    const std::uint64_t sectors = header.is_extended ? u64_at(start, sectors_at) : u32_at(start, sectors_at);
    header.cluster_size = {std::uint64_t{u32_at(start, cluster_at)} * sector.value};
    header.entries = u32_at(start, entries_at);
    header.in_use = InUse{u32_at(start, in_use_at)};
    header.data_sector = u32_at(start, data_at);
    header.flags = u32_at(start, flags_at);
    header.extension_sector = u64_at(start, extension_at);
    check_sizes(*device, header, sectors);
    header.virtual_size = {sectors * sector.value};
    return header;
}

std::vector<std::string> header_warnings(const ByteSource& device, const Header& header) {
    std::vector<std::string> warnings;
    if (header.in_use == InUse::open)
        warnings.push_back(fmt::format(
            "{}: the image is marked as open: the program that wrote to it last did not close it, and its newest "
            "clusters may be missing; if a machine is running, shut it down",
            device.place(ByteOffset{in_use_at})));
    const std::uint64_t table_end = divide_up(header.table().end().value, sector.value);
    const bool is_unset = header.data_sector == 0 && !header.is_extended;
    if (!is_unset && header.data_sector < table_end)
        warnings.push_back(
            fmt::format("{}: header field sector of the data: expected at least {}, after the table, "
                        "found {}; the table alone decided what was read",
                        device.place(ByteOffset{data_at}), table_end, header.data_sector));
    return warnings;
}

Bytes encode_header(const Header& header) {
    VARVE_CHECK(header.is_extended && header.extension_sector == 0);
    const std::uint64_t sectors = header.virtual_size.value / sector.value;
    const std::uint64_t cylinders = sectors / heads_written / sectors_in_track_written;
    ByteWriter out;
    out.append(bytes_of(extended_magic));
    out.u32le(version_read);
    out.u32le(heads_written);
    out.u32le(static_cast<std::uint32_t>(std::min<std::uint64_t>(cylinders, 0xffffffff)));
    out.u32le(static_cast<std::uint32_t>(header.cluster_size.value / sector.value));
    out.u32le(header.entries);
    out.u64le(sectors);
    out.u32le(static_cast<std::uint32_t>(header.in_use));
    out.u32le(header.data_sector);
    out.u32le(header.flags);
    out.u64le(header.extension_sector);
    return out.release();
}

Error corrupt(const ByteSource& device, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("{}: {}; the image is damaged, 'qemu-img check -f parallels' may show details",
                             device.place(at), what));
}

}  // namespace varve::parallels
