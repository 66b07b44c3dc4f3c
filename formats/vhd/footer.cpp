#include "formats/vhd/footer.h"

#include <algorithm>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace varve::vhd {
namespace {

constexpr std::size_t timestamp_at = 24;
constexpr std::size_t creator_at = 28;
constexpr std::size_t geometry_at = 56;
constexpr std::size_t uuid_at = 68;

// What a new footer has.
constexpr std::uint32_t features_written = 2;  // a bit that is always set
constexpr std::uint32_t creator_version_written = 0x00050003;
constexpr std::string_view system_written = "Wi2k";

}  // namespace

std::uint32_t checksum_of(ByteView bytes, std::size_t checksum_at) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (i < checksum_at || i >= checksum_at + 4) sum += std::to_integer<std::uint32_t>(bytes[i]);
    return ~sum;
}

Footer parse_footer(ByteView bytes) {
    VARVE_CHECK(bytes.size() >= old_footer_bytes);
    Footer footer;
    footer.version = load_be<std::uint32_t>(bytes.subspan(footer_version_at));
    footer.data_offset = load_be<std::uint64_t>(bytes.subspan(footer_data_offset_at));
    footer.timestamp = load_be<std::uint32_t>(bytes.subspan(timestamp_at));
    std::ranges::copy(text_of(bytes.subspan(creator_at, footer.creator.size())), footer.creator.begin());
    footer.disk_size = {load_be<std::uint64_t>(bytes.subspan(footer_disk_size_at))};
    footer.geometry = {load_be<std::uint16_t>(bytes.subspan(geometry_at)),
                       std::to_integer<std::uint8_t>(bytes[geometry_at + 2]),
                       std::to_integer<std::uint8_t>(bytes[geometry_at + 3])};
    footer.type = DiskType{load_be<std::uint32_t>(bytes.subspan(footer_type_at))};
    footer.checksum = load_be<std::uint32_t>(bytes.subspan(footer_checksum_at));
    std::ranges::copy(bytes.subspan(uuid_at, footer.uuid.bytes.size()), footer.uuid.bytes.begin());
    return footer;
}

Bytes encode_footer(const Footer& footer) {
    ByteWriter out;
    out.append(bytes_of(footer_cookie));
    out.u32be(features_written);
    out.u32be(footer.version);
    out.u64be(footer.data_offset);
    out.u32be(footer.timestamp);
    out.append(bytes_of(footer.creator_text()));
    out.u32be(creator_version_written);
    out.append(bytes_of(system_written));
    out.u64be(footer.disk_size.value);  // the original size
    out.u64be(footer.disk_size.value);
    out.u16be(footer.geometry.cylinders);
    out.u8(footer.geometry.heads);
    out.u8(footer.geometry.sectors_per_track);
    out.u32be(static_cast<std::uint32_t>(footer.type));
    out.u32be(0);  // the checksum
    out.append(footer.uuid.bytes);
    out.zeros(footer_bytes - out.size());
    store_be<std::uint32_t>(out.span().subspan(footer_checksum_at), checksum_of(out.view(), footer_checksum_at));
    return out.release();
}

}  // namespace varve::vhd
