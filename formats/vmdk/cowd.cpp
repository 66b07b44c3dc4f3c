#include "formats/vmdk/cowd.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/grain_reader.h"
#include "formats/vmdk/grain_tables.h"

namespace varve::vmdk {
namespace {

constexpr std::size_t cowd_header_bytes = 2048;
constexpr std::size_t parent_name_at = 32;
constexpr std::size_t parent_name_bytes = 1024;
constexpr std::uint32_t cowd_version = 1;
constexpr std::uint32_t cowd_grains_per_table = 4096;
constexpr std::uint32_t cowd_grain_sectors_max = 1 << 21;

///     0 magic, version, flags 4 each | 12 sectors 4 | 16 grain size 4 | 20 grain directory 4 | 24 its entries 4
///     32 root: cylinders, heads, sectors 4 each; child: the parent's name 1024
///
/// All little-endian, in sectors.
struct CowdHeader {
    std::uint64_t sectors = 0;
    std::uint64_t grain_sectors = 0;
    ByteOffset directory;
    CowdOrigin origin = CowdOrigin::unknown;
    std::string parent_name;

    ByteCount capacity() const { return ByteCount{sectors * sector_bytes}; }
    ByteCount grain_size() const { return ByteCount{grain_sectors * sector_bytes}; }
    GrainTableShape shape() const {
        return {divide_up(sectors, grain_sectors), cowd_grains_per_table, grain_size(), false};
    }
};

/// A root disk has three numbers where a child has its parent's name.
void take_origin(ByteView field, CowdHeader& header) {
    const auto heads = load_le<std::uint32_t>(field.subspan(4));
    const auto sectors = load_le<std::uint32_t>(field.subspan(8));
    if (is_zero(field)) return;
    if (heads > 0 && heads < 256 && sectors > 0 && sectors < 64 && is_zero(field.subspan(12))) {
        header.origin = CowdOrigin::root;
        return;
    }
    const std::string_view text = text_of(field);
    header.parent_name = text.substr(0, text.find('\0'));
    if (!header.parent_name.empty()) header.origin = CowdOrigin::child;
}

void check_grain_size(const ByteSourcePtr& device, std::uint32_t sectors) {
    if (std::has_single_bit(sectors) && sectors <= cowd_grain_sectors_max) return;
    throw corrupt(device->place({16}), fmt::format("grainSize: expected a power of two from 1 to {} sectors, found {}",
                                                   cowd_grain_sectors_max, sectors));
}

CowdHeader read_cowd_header(const ByteSourcePtr& device) {
    Bytes bytes(cowd_header_bytes);
    if (device->size().value < bytes.size())
        throw corrupt(device->place({}), fmt::format("expected a COWD header of {} bytes, found the end of the file at "
                                                     "{}",
                                                     bytes.size(), device->size().value));
    device->read_at({}, bytes);
    ByteReader fields(bytes, "COWD header");
    fields.skip(4);
    const std::uint32_t version = fields.u32le();
    if (version != cowd_version)
        throw unsupported(device->place({4}), fmt::format("a COWD extent of version {}", version));
    fields.skip(4);
    CowdHeader header;
    header.sectors = fields.u32le();
    const std::uint32_t grain_sectors = fields.u32le();
    check_grain_size(device, grain_sectors);
    header.grain_sectors = grain_sectors;
    header.directory = ByteOffset{fields.u32le() * sector_bytes};
    const std::uint32_t entries = fields.u32le();
    if (entries < header.shape().tables())
        throw corrupt(device->place({24}),
                      fmt::format("numGDEntries: expected at least {}, found {}", header.shape().tables(), entries));
    take_origin(ByteView(bytes).subspan(parent_name_at, parent_name_bytes), header);
    return header;
}

}  // namespace

CowdExtent open_cowd(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches) {
    CowdHeader header = read_cowd_header(device);
    auto map = std::make_unique<GrainTables>(device, header.directory, header.shape(), caches);
    const GrainLayout layout{header.capacity(), header.grain_size(), GrainCoding::plain};
    return {std::make_unique<GrainReader>(device, layout, std::move(map), caches), header.origin,
            std::move(header.parent_name)};
}

}  // namespace varve::vmdk
