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

constexpr std::size_t header_bytes = 2048;
constexpr std::size_t parent_name_at = 32;
constexpr std::size_t parent_name_bytes = 1024;
constexpr std::uint32_t version_known = 1;
constexpr std::uint32_t grains_per_table = 4096;
constexpr std::uint32_t grain_sectors_max = 1 << 21;

/// A root disk has three numbers where a child has its parent's name.
void take_origin(ByteView field, CowdExtent& extent) {
    const auto heads = load_le<std::uint32_t>(field.subspan(4));
    const auto sectors = load_le<std::uint32_t>(field.subspan(8));
    if (is_zero(field)) return;
    if (heads > 0 && heads < 256 && sectors > 0 && sectors < 64 && is_zero(field.subspan(12))) {
        extent.origin = CowdOrigin::root;
        return;
    }
    const std::string_view text = text_of(field);
    extent.parent_name = text.substr(0, text.find('\0'));
    if (!extent.parent_name.empty()) extent.origin = CowdOrigin::child;
}

}  // namespace

CowdExtent open_cowd(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches) {
    Bytes bytes(header_bytes);
    if (device->size().value < bytes.size())
        throw corrupt(device->place({}), fmt::format("expected a COWD header of {} bytes, found the end of the file at "
                                                     "{}",
                                                     bytes.size(), device->size().value));
    device->read_at({}, bytes);
    ByteReader fields(bytes, "COWD header");
    fields.skip(4);
    const std::uint32_t version = fields.u32le();
    if (version != version_known)
        throw unsupported(device->place({4}), fmt::format("a COWD extent of version {}", version));
    fields.skip(4);
    const std::uint32_t sectors = fields.u32le();
    const std::uint32_t grain_sectors = fields.u32le();
    if (!std::has_single_bit(grain_sectors) || grain_sectors > grain_sectors_max)
        throw corrupt(device->place({16}), fmt::format("grainSize: expected a power of two from 1 to {} sectors, found "
                                                       "{}",
                                                       grain_sectors_max, grain_sectors));
    const ByteCount grain_size{grain_sectors * sector_bytes};
    const GrainTableShape shape{divide_up(sectors, grain_sectors), grains_per_table, grain_size, false};
    const ByteOffset directory{fields.u32le() * sector_bytes};
    const std::uint32_t entries = fields.u32le();
    if (entries < shape.tables())
        throw corrupt(device->place({24}),
                      fmt::format("numGDEntries: expected at least {}, found {}", shape.tables(), entries));
    CowdExtent extent;
    take_origin(ByteView(bytes).subspan(parent_name_at, parent_name_bytes), extent);
    auto map = std::make_unique<GrainTables>(device, directory, shape, caches);
    const GrainLayout layout{ByteCount{sectors * sector_bytes}, grain_size, GrainCoding::plain};
    extent.reader = std::make_unique<GrainReader>(device, layout, std::move(map), caches);
    return extent;
}

}  // namespace varve::vmdk
