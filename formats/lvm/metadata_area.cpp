#include "formats/lvm/metadata_area.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/error.h"
#include "formats/lvm/checksum.h"

namespace varve::lvm {
namespace {

constexpr std::uint64_t header_bytes = 512;
constexpr std::size_t checksum_begins = 4;
constexpr std::string_view area_magic = " LVM2 x[5A%r0N*>";
constexpr std::uint32_t area_version = 1;
constexpr std::uint32_t ignored_flag = 1;

/// The committed text's place, as the header's first slot has it.
struct Slot {
    std::uint64_t offset = 0;  ///< from the header
    std::uint64_t size = 0;    ///< with the NUL
    std::uint32_t crc = 0;
    std::uint32_t flags = 0;
};

struct Header {
    ByteRange area;
    Slot slot;
};

[[noreturn]] void fail_corrupt(std::string message) { throw Error(ErrorCode::corrupt, std::move(message)); }

void check_header(ByteView sector, ByteReader& in, ByteOffset begin) {
    const std::uint32_t stored = in.u32le();
    const std::string_view magic = text_of(in.take(area_magic.size()));
    if (magic != area_magic) in.fail("the magic of a metadata area is not there; its header is damaged");
    const std::uint32_t found = checksum(sector.subspan(checksum_begins));
    if (stored != found)
        in.fail(fmt::format("the checksum of the header is {:#010x}, expected {:#010x} as the header has it", found,
                            stored));
    if (const std::uint32_t version = in.u32le(); version != area_version)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} has version {}; only version {} is read", in.object(), version, area_version));
    if (const std::uint64_t says = in.u64le(); says != begin.value)
        in.fail(fmt::format("the area's begin is {}, expected {}, where it lies", says, begin.value));
}

Header read_header(const NamedDevice& pv, ByteRange area) {
    const std::string object = pv.place(area.begin) + ": LVM metadata area";
    const std::uint64_t end = pv.size().value;
    if (area.begin.value > end || header_bytes > end - area.begin.value)
        fail_corrupt(fmt::format("{}: it begins outside the physical volume, which has {} bytes", object, end));
    Bytes sector(header_bytes);
    pv.bytes->read(area.begin, sector);
    ByteReader in(sector, object);
    check_header(sector, in, area.begin);
    Header header;
    header.area = {area.begin, ByteCount{in.u64le()}};
    if (header.area.length.value <= header_bytes || header.area.length.value > end - area.begin.value)
        in.fail(
            fmt::format("the area's size is {} bytes, expected more than {} and at most {}, to the end of the physical "
                        "volume",
                        header.area.length.value, header_bytes, end - area.begin.value));
    header.slot = {in.u64le(), in.u64le(), in.u32le(), in.u32le()};
    return header;
}

void check_slot(const Header& header, const std::string& object) {
    const std::uint64_t area = header.area.length.value;
    const Slot& slot = header.slot;
    if (slot.offset < header_bytes || slot.offset >= area)
        fail_corrupt(fmt::format("{}: the text's offset is {}, expected {} to {}, within the area", object, slot.offset,
                                 header_bytes, area - 1));
    if (slot.size == 0 || slot.size > area - header_bytes)
        fail_corrupt(fmt::format("{}: the text's size is {} bytes, expected 1 to {}, what the area holds", object,
                                 slot.size, area - header_bytes));
    if (slot.size > metadata_text_max.value)
        throw Error(ErrorCode::unsupported, fmt::format("{}: the text has {} bytes; at most {} are read", object,
                                                        slot.size, metadata_text_max.value));
}

/// The slot's bytes, the part behind the area's end taken from behind the header.
std::string read_ring(const NamedDevice& pv, const Header& header) {
    std::string text(static_cast<std::size_t>(header.slot.size), '\0');
    const ByteSpan all = std::as_writable_bytes(std::span(text.data(), text.size()));
    const std::uint64_t to_end = header.area.length.value - header.slot.offset;
    const auto split = static_cast<std::size_t>(std::min(to_end, header.slot.size));
    pv.bytes->read(header.area.begin + ByteCount{header.slot.offset}, all.first(split));
    if (split < all.size()) pv.bytes->read(header.area.begin + ByteCount{header_bytes}, all.subspan(split));
    return text;
}

}  // namespace

std::optional<MetadataText> read_metadata_text(const NamedDevice& pv, ByteRange area) {
    const Header header = read_header(pv, area);
    const Slot& slot = header.slot;
    if ((slot.flags & ignored_flag) != 0 || slot.offset == 0) return std::nullopt;
    check_slot(header, pv.place(area.begin) + ": LVM metadata area");
    MetadataText found;
    found.place = pv.place(area.begin + ByteCount{slot.offset});
    found.text = read_ring(pv, header);
    found.crc = checksum(bytes_of(found.text));
    if (found.crc != slot.crc)
        fail_corrupt(
            fmt::format("{}: LVM metadata text: the checksum of its {} bytes is {:#010x}, expected {:#010x} as "
                        "the header of its area has it",
                        found.place, slot.size, found.crc, slot.crc));
    if (found.text.back() == '\0') found.text.pop_back();
    return found;
}

}  // namespace varve::lvm
