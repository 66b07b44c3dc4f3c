#include "formats/vdi/header.h"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace varve::vdi {
namespace {

constexpr std::uint32_t magic = 0xbeda107f;
constexpr std::uint32_t version_0_2 = 0x00000002;
constexpr std::uint32_t version_1_1 = 0x00010001;
constexpr std::size_t magic_at = 64;
constexpr std::size_t version_at = 68;
constexpr std::size_t before_header = 72;  // text, magic and version
constexpr std::size_t header_bytes_0_2 = 348;
constexpr std::size_t header_bytes_1_1 = 384;  // without the second geometry, which came later
constexpr std::uint64_t block_size_min = 512;
constexpr std::uint64_t disk_bytes_max = std::numeric_limits<std::int64_t>::max();

/// The places of the fields that both versions have.
struct FieldPlaces {
    std::size_t type, virtual_size, block_size, blocks, blocks_allocated, uuids;
};
constexpr FieldPlaces places_0_2{72, 352, 360, 364, 368, 372};
constexpr FieldPlaces places_1_1{76, 368, 376, 384, 388, 392};

// Fields that only version 1.1 has.
constexpr std::size_t header_length_at = 72;
constexpr std::size_t map_at = 340;
constexpr std::size_t data_at = 344;
constexpr std::size_t block_extra_at = 380;
constexpr std::size_t parent_modify_at = 440;

// What a new header has.
constexpr std::string_view text = "<<< Oracle VM VirtualBox Disk Image >>>\n";
constexpr std::size_t text_bytes = 64;
constexpr std::size_t comment_bytes = 256;
constexpr std::uint32_t header_length_written = 400;  // with the second geometry
constexpr std::uint32_t sector_bytes = 512;

Error bad_field(const ByteSourcePtr& device, std::string_view field, std::size_t at, std::string_view expected,
                std::uint64_t found) {
    return corrupt(device, ByteOffset{at},
                   fmt::format("header field {}: expected {}, found {}", field, expected, found));
}

Bytes read_start(const ByteSourcePtr& device) {
    Bytes start(before_header + header_bytes_1_1);
    start.resize(static_cast<std::size_t>(std::min<std::uint64_t>(start.size(), device->size().value)));
    device->read_at(ByteOffset{}, start);
    if (start.size() < before_header + header_bytes_0_2)
        throw corrupt(device, ByteOffset{start.size()},
                      fmt::format("expected a VDI header of at least {} bytes, found the end of the file",
                                  before_header + header_bytes_0_2));
    return start;
}

std::uint32_t u32_at(ByteView start, std::size_t at) { return load_le<std::uint32_t>(start.subspan(at)); }

Uuid uuid_at(ByteView start, std::size_t at) {
    Uuid uuid;
    std::ranges::copy(start.subspan(at, uuid.bytes.size()), uuid.bytes.begin());
    return uuid;
}

void parse_common(ByteView start, const FieldPlaces& places, Header& header) {
    header.type = ImageType{u32_at(start, places.type)};
    header.virtual_size = {load_le<std::uint64_t>(start.subspan(places.virtual_size))};
    header.block_size = {u32_at(start, places.block_size)};
    header.blocks = u32_at(start, places.blocks);
    header.blocks_allocated = u32_at(start, places.blocks_allocated);
    header.create = uuid_at(start, places.uuids);
    header.modify = uuid_at(start, places.uuids + 16);
    header.parent = uuid_at(start, places.uuids + 32);
}

void parse_1_1(const ByteSourcePtr& device, ByteView start, Header& header) {
    if (start.size() < before_header + header_bytes_1_1)
        throw corrupt(device, ByteOffset{start.size()},
                      fmt::format("expected a VDI header of at least {} bytes, found the end of the file",
                                  before_header + header_bytes_1_1));
    const std::uint32_t length = u32_at(start, header_length_at);
    if (length < header_bytes_1_1)
        throw bad_field(device, "length of the header", header_length_at, fmt::format("at least {}", header_bytes_1_1),
                        length);
    header.map = {u32_at(start, map_at)};
    header.data = {u32_at(start, data_at)};
    header.block_extra = {u32_at(start, block_extra_at)};
    header.parent_modify = uuid_at(start, parent_modify_at);
    if (header.map.value < before_header + header_bytes_1_1)
        throw bad_field(device, "offset of the block map", map_at,
                        fmt::format("at least {}, after the header", before_header + header_bytes_1_1),
                        header.map.value);
}

void check_type(const ByteSourcePtr& device, const Header& header, const FieldPlaces& places) {
    switch (header.type) {
        case ImageType::dynamic:
        case ImageType::fixed:
            return;
        case ImageType::undo:
            throw Error(ErrorCode::unsupported,
                        fmt::format("{}: an undo image, which no release of VirtualBox makes and this version of varve "
                                    "does not read; clone the disk with 'VBoxManage clonemedium' and use the clone",
                                    device->place(ByteOffset{places.type})));
        case ImageType::differencing:
            if (header.parent.is_null())
                throw corrupt(device, ByteOffset{places.uuids + 32},
                              "a differencing image without the UUID of its parent");
            return;
    }
    throw bad_field(device, "type", places.type, "1 (dynamic), 2 (static) or 4 (differencing)",
                    static_cast<std::uint32_t>(header.type));
}

void check_sizes(const ByteSourcePtr& device, const Header& header, const FieldPlaces& places) {
    if (!std::has_single_bit(header.block_size.value) || header.block_size.value < block_size_min)
        throw bad_field(device, "block size", places.block_size,
                        fmt::format("a power of two of at least {}", block_size_min), header.block_size.value);
    if (header.virtual_size.value > disk_bytes_max)
        throw bad_field(device, "size of the disk", places.virtual_size, fmt::format("at most {}", disk_bytes_max),
                        header.virtual_size.value);
    const std::uint64_t needed = divide_up(header.virtual_size.value, header.block_size.value);
    if (header.blocks < needed)
        throw bad_field(device, "number of blocks", places.blocks,
                        fmt::format("at least {} for {} bytes", needed, header.virtual_size.value), header.blocks);
    if (header.blocks_allocated > header.blocks)
        throw bad_field(device, "number of blocks with data", places.blocks_allocated,
                        fmt::format("at most {}, the number of blocks", header.blocks), header.blocks_allocated);
}

/// The fields have 32 bits: nothing here can wrap.
void check_places(const ByteSourcePtr& device, const Header& header, const FieldPlaces& places) {
    const std::uint64_t file_bytes = device->size().value;
    const std::uint64_t map_end = header.map_range().end().value;
    if (map_end > file_bytes)
        throw bad_field(device, "number of blocks", places.blocks,
                        fmt::format("a block map that ends in the file of {} bytes", file_bytes), header.blocks);
    if (header.data.value < map_end)
        throw bad_field(device, "offset of the first block", data_at,
                        fmt::format("at least {}, after the block map", map_end), header.data.value);
}

void put_text(ByteWriter& out, std::string_view characters, std::size_t length) {
    out.append(bytes_of(characters));
    out.zeros(length - characters.size());
}

/// 0 cylinders, heads and sectors: VirtualBox finds a geometry when the disk is first attached.
void put_geometry(ByteWriter& out) {
    for (int i = 0; i < 3; ++i) out.u32le(0);
    out.u32le(sector_bytes);
}

}  // namespace

Header read_header(const ByteSourcePtr& device) {
    const Bytes start = read_start(device);
    if (u32_at(start, magic_at) != magic)
        throw corrupt(device, ByteOffset{magic_at},
                      fmt::format("expected the VDI magic {:#x}, found {:#x}", magic, u32_at(start, magic_at)));
    Header header;
    header.version = u32_at(start, version_at);
    if (header.version != version_0_2 && header.version != version_1_1)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: VDI version {}.{}, but this version of varve reads only 1.1 and 0.2; clone the "
                                "disk with 'VBoxManage clonemedium' and use the clone",
                                device->place(ByteOffset{version_at}), header.version >> 16, header.version & 0xffff));
    const bool is_old = header.version == version_0_2;
    const FieldPlaces& places = is_old ? places_0_2 : places_1_1;
    parse_common(start, places, header);
    if (!is_old) parse_1_1(device, start, header);
    check_type(device, header, places);
    check_sizes(device, header, places);
    if (is_old) {
        header.map = ByteOffset{before_header + header_bytes_0_2};
        header.data = header.map_range().end();
    }
    check_places(device, header, places);
    return header;
}

Bytes encode_header(const Header& header) {
    VARVE_CHECK(header.parent.is_null() && header.block_extra.value == 0);
    ByteWriter out;
    put_text(out, text, text_bytes);
    out.u32le(magic);
    out.u32le(version_1_1);
    out.u32le(header_length_written);
    out.u32le(static_cast<std::uint32_t>(header.type));
    out.u32le(0);  // flags
    put_text(out, "", comment_bytes);
    out.u32le(static_cast<std::uint32_t>(header.map.value));
    out.u32le(static_cast<std::uint32_t>(header.data.value));
    put_geometry(out);
    out.u32le(0);  // unused
    out.u64le(header.virtual_size.value);
    out.u32le(static_cast<std::uint32_t>(header.block_size.value));
    out.u32le(0);  // extra bytes
    out.u32le(header.blocks);
    out.u32le(header.blocks_allocated);
    for (const Uuid& uuid : {header.create, header.modify, header.parent, header.parent_modify}) out.append(uuid.bytes);
    put_geometry(out);
    out.zeros(sector_bytes - out.size());
    return out.release();
}

std::optional<DiskIdentity> peek_identity(const ByteSourcePtr& source) {
    std::array<std::byte, before_header + header_bytes_1_1> start{};
    try {
        if (read_some(*source, ByteOffset{}, start) < before_header + header_bytes_0_2) return std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
    const std::uint32_t version = u32_at(start, version_at);
    if (u32_at(start, magic_at) != magic || (version != version_0_2 && version != version_1_1)) return std::nullopt;
    const std::size_t uuids = (version == version_0_2 ? places_0_2 : places_1_1).uuids;
    return DiskIdentity{uuid_at(start, uuids), uuid_at(start, uuids + 16)};
}

Error corrupt(const ByteSourcePtr& device, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("{}: {}; the image is damaged, 'VBoxManage internalcommands repairhd -dry-run' may show "
                             "details",
                             device->place(at), what));
}

}  // namespace varve::vdi
