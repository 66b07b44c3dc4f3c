#include "formats/vdi/header_writer.h"

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace varve::vdi {
namespace {

constexpr std::size_t text_bytes = 64;
constexpr std::size_t comment_bytes = 256;
constexpr std::size_t header_bytes = 512;
constexpr std::uint32_t header_length = 400;  // with the second geometry
constexpr std::uint32_t sector_bytes = 512;

void put_text(ByteWriter& out, std::string_view text, std::size_t length) {
    out.append(bytes_of(text));
    out.zeros(length - text.size());
}

/// Cylinders, heads and sectors of 0: VirtualBox finds a geometry when the disk is first attached.
void put_geometry(ByteWriter& out) {
    for (int i = 0; i < 3; ++i) out.u32le(0);
    out.u32le(sector_bytes);
}

}  // namespace

Bytes encode_header(const Header& header) {
    VARVE_CHECK(header.parent.is_null() && header.block_extra.value == 0);
    ByteWriter out;
    put_text(out, "<<< Oracle VM VirtualBox Disk Image >>>\n", text_bytes);
    out.u32le(0xbeda107f);  // magic
    out.u32le(0x00010001);  // version 1.1
    out.u32le(header_length);
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
    out.zeros(header_bytes - out.size());
    return out.release();
}

}  // namespace varve::vdi
