#include "formats/vmdk_header_writer.h"

#include <limits>

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve::vmdk {
namespace {

constexpr ByteCount size_max = mib(64 << 20);  // VMware's own disks end at 62 TiB
constexpr std::uint64_t directory_at_end = std::numeric_limits<std::uint64_t>::max();

std::uint64_t sectors(std::uint64_t bytes) {
    VARVE_CHECK(bytes % new_sector_bytes == 0);
    return bytes / new_sector_bytes;
}

}  // namespace

Bytes encode_header(const NewHeader& fields) {
    ByteWriter out;
    out.append(bytes_of("KDMV"));
    out.u32le(fields.version);
    out.u32le(fields.flags);
    out.u64le(sectors(fields.virtual_size.value));
    out.u64le(sectors(new_grain.value));
    out.u64le(sectors(new_descriptor_place.begin.value));
    out.u64le(sectors(new_descriptor_place.length.value));
    out.u32le(static_cast<std::uint32_t>(new_table_entries));
    out.u64le(sectors(fields.redundant_directory.value));
    out.u64le(fields.directory_is_at_end ? directory_at_end : sectors(fields.directory.value));
    out.u64le(sectors(fields.data.value));
    out.u8(0);  // not in use
    out.append(bytes_of("\n \r\n"));
    out.u16le((fields.flags & compressed_flag) != 0 ? 1 : 0);  // deflate
    out.zeros(new_sector_bytes - out.size());
    return out.release();
}

void check_new_size(ByteCount virtual_size) {
    if (virtual_size.value % new_sector_bytes != 0)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("a disk of {} bytes is not made of whole sectors of {} bytes, and VMDK holds only such: "
                        "choose raw or qcow2",
                        virtual_size.value, new_sector_bytes));
    if (virtual_size.value == 0)
        throw Error(ErrorCode::unsupported, "a VMDK image can't hold a disk of 0 bytes: choose raw or qcow2");
    if (virtual_size > size_max)
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes is too large for VMDK, which holds at most {}: choose raw or qcow2",
                                virtual_size.value, size_max.value));
}

std::uint32_t table_entry(ByteOffset at) {
    const std::uint64_t sector = sectors(at.value);
    if (sector > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorCode::unsupported,
                    "the image grows past 2 TiB, where a VMDK file ends: choose subformat=streamOptimized if its data "
                    "gets smaller by that, raw or qcow2");
    return static_cast<std::uint32_t>(sector);
}

}  // namespace varve::vmdk
