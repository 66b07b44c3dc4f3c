#include "formats/lvm/metadata_area.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/crc.h"
#include "engine/base/error.h"

namespace varve::lvm {
namespace {

constexpr std::uint64_t area_header_bytes = 512;
constexpr std::size_t area_checksum_covers_from = 4;
constexpr std::string_view area_magic = " LVM2 x[5A%r0N*>";
constexpr std::uint32_t area_version = 1;
constexpr std::uint32_t ignored_flag = 1;

/// Where the committed text is, according to the header's first slot.
struct TextSlot {
    std::uint64_t offset = 0;  ///< from the header
    std::uint64_t size = 0;    ///< with the NUL
    std::uint32_t crc = 0;
    std::uint32_t flags = 0;
};

struct AreaHeader {
    ByteRange area;
    TextSlot slot;
};

[[noreturn]] void fail_corrupt(std::string message) { throw Error(ErrorCode::corrupt, std::move(message)); }

void check_area_header(ByteView sector, ByteReader& in, ByteOffset begin) {
    const std::uint32_t stored = in.u32le();
    const std::string_view magic = text_of(in.take(area_magic.size()));
    if (magic != area_magic) in.fail("the magic of a metadata area is missing; its header is damaged");
    const std::uint32_t found = lvm_crc32(sector.subspan(area_checksum_covers_from));
    if (stored != found)
        in.fail(fmt::format("the checksum of the header is {:#010x}, expected {:#010x} according to the header", found,
                            stored));
    if (const std::uint32_t version = in.u32le(); version != area_version)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} has version {}; only version {} is read", in.object(), version, area_version));
    if (const std::uint64_t stated = in.u64le(); stated != begin.value)
        in.fail(fmt::format("the area's begin is {}, expected {}, where it is", stated, begin.value));
}

AreaHeader read_area_header(const ByteSourcePtr& pv, ByteRange area) {
    const std::string object = pv->place(area.begin) + ": LVM metadata area";
    const std::uint64_t end = pv->size().value;
    if (area.begin.value > end || area_header_bytes > end - area.begin.value)
        fail_corrupt(fmt::format("{}: it begins outside the physical volume, which has {} bytes", object, end));
    Bytes sector(area_header_bytes);
    pv->read_at(area.begin, sector);
    ByteReader in(sector, object);
    check_area_header(sector, in, area.begin);
    AreaHeader header;
    header.area = {area.begin, ByteCount{in.u64le()}};
    if (header.area.length.value <= area_header_bytes || header.area.length.value > end - area.begin.value)
        in.fail(
            fmt::format("the area's size is {} bytes, expected more than {} and at most {}, which is where the "
                        "physical volume ends",
                        header.area.length.value, area_header_bytes, end - area.begin.value));
    header.slot = {in.u64le(), in.u64le(), in.u32le(), in.u32le()};
    return header;
}

void check_slot(const AreaHeader& header, const std::string& object) {
    const std::uint64_t area = header.area.length.value;
    const TextSlot& slot = header.slot;
    if (slot.offset < area_header_bytes || slot.offset >= area)
        fail_corrupt(fmt::format("{}: the text's offset is {}, expected {} to {}, within the area", object, slot.offset,
                                 area_header_bytes, area - 1));
    if (slot.size == 0 || slot.size > area - area_header_bytes)
        fail_corrupt(fmt::format("{}: the text's size is {} bytes, expected 1 to {}, the area's capacity", object,
                                 slot.size, area - area_header_bytes));
    if (slot.size > metadata_text_max.value)
        throw Error(ErrorCode::unsupported, fmt::format("{}: the text has {} bytes; at most {} are read", object,
                                                        slot.size, metadata_text_max.value));
}

/// The slot's bytes; the part past the area's end continues after the header.
std::string read_ring(const ByteSourcePtr& pv, const AreaHeader& header) {
    std::string text(static_cast<std::size_t>(header.slot.size), '\0');
    const ByteSpan all = std::as_writable_bytes(std::span(text.data(), text.size()));
    const std::uint64_t to_end = header.area.length.value - header.slot.offset;
    const auto split = static_cast<std::size_t>(std::min(to_end, header.slot.size));
    pv->read_at(header.area.begin + ByteCount{header.slot.offset}, all.first(split));
    if (split < all.size()) pv->read_at(header.area.begin + ByteCount{area_header_bytes}, all.subspan(split));
    return text;
}

}  // namespace

std::optional<MetadataText> read_metadata_text(const ByteSourcePtr& pv, ByteRange area) {
    const AreaHeader header = read_area_header(pv, area);
    const TextSlot& slot = header.slot;
    if ((slot.flags & ignored_flag) != 0 || slot.offset == 0) return std::nullopt;
    check_slot(header, pv->place(area.begin) + ": LVM metadata area");
    MetadataText found;
    found.place = pv->place(area.begin + ByteCount{slot.offset});
    found.text = read_ring(pv, header);
    found.crc = lvm_crc32(bytes_of(found.text));
    if (found.crc != slot.crc)
        fail_corrupt(
            fmt::format("{}: LVM metadata text: the checksum of its {} bytes is {:#010x}, expected {:#010x} "
                        "according to the header of its area",
                        found.place, slot.size, found.crc, slot.crc));
    if (found.text.back() == '\0') found.text.pop_back();
    return found;
}

}  // namespace varve::lvm
