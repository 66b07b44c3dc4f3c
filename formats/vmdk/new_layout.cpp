#include "formats/vmdk/new_layout.h"

#include <limits>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve::vmdk {
namespace {

constexpr ByteCount new_size_max = mib(64 << 20);  // VMware's own disks end at 62 TiB

}  // namespace

SparseHeader new_sparse_header(ByteCount capacity) {
    SparseHeader header;
    header.capacity = capacity;
    header.grain_size = new_grain;
    header.grains_per_table = new_table_entries;
    return header;
}

void check_new_size(ByteCount virtual_size) {
    if (virtual_size.value % sector_bytes != 0)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("a disk of {} bytes does not consist of whole sectors of {} bytes, which VMDK requires: choose "
                        "raw or qcow2",
                        virtual_size.value, sector_bytes));
    if (virtual_size.value == 0)
        throw Error(ErrorCode::unsupported, "a VMDK image can't hold a disk of 0 bytes: choose raw or qcow2");
    if (virtual_size > new_size_max)
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes is too large for VMDK, which holds at most {}: choose raw or qcow2",
                                virtual_size.value, new_size_max.value));
}

std::uint32_t table_entry(ByteOffset at) {
    VARVE_CHECK(at.value % sector_bytes == 0);
    const std::uint64_t sector = at.value / sector_bytes;
    if (sector > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorCode::unsupported,
                    "the image grows past 2 TiB, the largest that a VMDK file can be: choose "
                    "subformat=streamOptimized if the data compresses well, raw or qcow2");
    return static_cast<std::uint32_t>(sector);
}

}  // namespace varve::vmdk
