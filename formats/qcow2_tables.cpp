#include "formats/qcow2_tables.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t offset_mask = 0x00fffffffffffe00;
constexpr std::uint64_t l1_reserved = 0x7f000000000001ff;
constexpr std::uint64_t l2_reserved = 0x3f000000000001fe;
constexpr std::uint64_t l2_compressed = std::uint64_t{1} << 62;
constexpr std::uint64_t l2_zero = 1;
constexpr std::uint64_t sector_bytes = 512;
constexpr std::uint64_t host_end_max = std::uint64_t{1} << 56;

L2Entry decode_compressed(std::uint64_t raw, const Geometry& geometry) {
    const std::uint32_t offset_bits = 62 - (geometry.cluster_bits - 8);
    const std::uint64_t offset = raw & ((std::uint64_t{1} << offset_bits) - 1);
    const std::uint64_t sectors = ((raw & (l2_compressed - 1)) >> offset_bits) + 1;
    L2Entry entry{ClusterKind::compressed, ByteOffset{offset},
                  ByteCount{sectors * sector_bytes - offset % sector_bytes}};
    if (offset >= host_end_max) entry.problem = "a compressed cluster beyond 2^56";
    return entry;
}

}  // namespace

L1Entry decode_l1(std::uint64_t raw, const Geometry& geometry) {
    L1Entry entry{ByteOffset{raw & offset_mask}};
    if ((raw & l1_reserved) != 0)
        entry.problem = "reserved bits that are set";
    else if (entry.l2_table.value % geometry.cluster_size() != 0)
        entry.problem = "an L2 table that is not cluster-aligned";
    return entry;
}

L2Entry decode_l2(std::uint64_t raw, const Geometry& geometry) {
    if ((raw & l2_compressed) != 0) return decode_compressed(raw, geometry);
    L2Entry entry{ClusterKind::data, ByteOffset{raw & offset_mask}, ByteCount{geometry.cluster_size()}};
    if ((raw & l2_zero) != 0)
        entry.kind = ClusterKind::zero;
    else if (entry.host.value == 0)
        entry.kind = ClusterKind::unallocated;
    if ((raw & l2_reserved) != 0)
        entry.problem = "reserved bits that are set";
    else if (entry.kind == ClusterKind::zero && geometry.version < 3)
        entry.problem = "the zero flag in a version 2 image";
    else if (entry.host.value % geometry.cluster_size() != 0)
        entry.problem = "a data cluster that is not cluster-aligned";
    return entry;
}

}  // namespace varve::qcow2
