#include "formats/vmdk/header_writer.h"

#include <algorithm>
#include <concepts>
#include <limits>

#include <fmt/format.h>

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
    Bytes out(new_sector_bytes);
    const auto put = [&]<std::unsigned_integral T>(std::size_t at, T value) {
        store_le<T>(ByteSpan(out).subspan(at, sizeof(T)), value);
    };
    std::ranges::copy(bytes_of("KDMV"), out.begin());
    put(4, fields.version);
    put(8, fields.flags);
    put(12, sectors(fields.virtual_size.value));
    put(20, sectors(new_grain.value));
    put(28, sectors(fields.descriptor.begin.value));
    put(36, sectors(fields.descriptor.length.value));
    put(44, static_cast<std::uint32_t>(new_table_entries));
    put(48, sectors(fields.redundant_directory.value));
    put(56, fields.directory_is_at_end ? directory_at_end : sectors(fields.directory.value));
    put(64, sectors(fields.data.value));
    // 72: whether it was left open; not in use
    std::ranges::copy(bytes_of("\n \r\n"), out.begin() + 73);
    put(77, static_cast<std::uint16_t>((fields.flags & compressed_flag) != 0 ? 1 : 0));  // deflate
    return out;
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
