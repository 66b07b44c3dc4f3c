#include "formats/qcow2/tables.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t offset_mask = 0x00fffffffffffe00;
constexpr std::uint64_t l1_reserved = 0x7f000000000001ff;
constexpr std::uint64_t l2_reserved = 0x3f000000000001fe;
constexpr std::uint64_t copied = std::uint64_t{1} << 63;
constexpr std::uint64_t l2_compressed = std::uint64_t{1} << 62;
constexpr std::uint64_t l2_zero = 1;
constexpr std::uint64_t host_end_max = std::uint64_t{1} << 56;

constexpr Subclusters every_subcluster = ~Subclusters{0};

L2Entry decode_compressed(const RawL2Entry& raw, const Geometry& geometry) {
    const std::uint32_t offset_bits = 62 - (geometry.cluster_bits - 8);
    const std::uint64_t offset = raw.entry & ((std::uint64_t{1} << offset_bits) - 1);
    const std::uint64_t sectors = ((raw.entry & (l2_compressed - 1)) >> offset_bits) + 1;
    L2Entry entry;
    entry.compressed = true;
    entry.host = ByteOffset{offset};
    entry.stored = ByteCount{sectors * sector_bytes - offset % sector_bytes};
    if (geometry.external_data)
        entry.problem = "a compressed cluster, which cannot be in an external data file";
    else if (offset >= host_end_max)
        entry.problem = "a compressed cluster beyond 2^56";
    if (raw.bitmap != 0) entry.ignored = "the subcluster bitmap of a compressed cluster";
    return entry;
}

/// The kinds of a plain entry's subclusters.
void decode_kind(const RawL2Entry& raw, const Geometry& geometry, L2Entry& entry) {
    if ((raw.entry & l2_zero) != 0)
        entry.zero = every_subcluster;
    else if (entry.has_host)
        entry.data = every_subcluster;
    if (entry.zero != 0 && geometry.version < 3) entry.problem = "the zero flag in a version 2 image";
}

/// The kinds of an extended entry's subclusters.
void decode_bitmap(const RawL2Entry& raw, L2Entry& entry) {
    entry.data = static_cast<Subclusters>(raw.bitmap);
    entry.zero = static_cast<Subclusters>(raw.bitmap >> 32);
    if ((raw.entry & l2_zero) != 0) entry.ignored = "bit 0 of an extended entry";
    if ((entry.data & entry.zero) != 0)
        entry.problem = "a subcluster that is both allocated and zero";
    else if (entry.data != 0 && !entry.has_host)
        entry.problem = "an allocated subcluster without a cluster";
}

/// In a data file offset 0 is a valid place, and the COPIED bit distinguishes it from no place.
bool has_host(const RawL2Entry& raw, const Geometry& geometry) {
    if ((raw.entry & offset_mask) != 0) return true;
    const bool is_plain_zero = !geometry.extended_l2 && (raw.entry & l2_zero) != 0;
    return geometry.external_data && (raw.entry & copied) != 0 && !is_plain_zero;
}

}  // namespace

ClusterKind L2Entry::kind_at(unsigned subcluster) const {
    if (compressed) return ClusterKind::compressed;
    if ((data >> subcluster & 1) != 0) return ClusterKind::data;
    return (zero >> subcluster & 1) != 0 ? ClusterKind::zero : ClusterKind::unallocated;
}

unsigned L2Entry::equal_subclusters(unsigned subcluster) const {
    const Subclusters data_differs = (data >> subcluster & 1) != 0 ? ~data : data;
    const Subclusters zero_differs = (zero >> subcluster & 1) != 0 ? ~zero : zero;
    const Subclusters from_here = (data_differs | zero_differs) >> subcluster;
    return from_here == 0 ? subclusters_per_cluster - subcluster : static_cast<unsigned>(std::countr_zero(from_here));
}

L1Entry decode_l1(std::uint64_t raw, const Geometry& geometry) {
    L1Entry entry{ByteOffset{raw & offset_mask}};
    if ((raw & l1_reserved) != 0)
        entry.problem = "reserved bits that are set";
    else if (entry.l2_table.value % geometry.cluster_size() != 0)
        entry.problem = "an L2 table that is not cluster-aligned";
    return entry;
}

L2Entry decode_l2(const RawL2Entry& raw, const Geometry& geometry) {
    if ((raw.entry & l2_compressed) != 0) return decode_compressed(raw, geometry);
    L2Entry entry;
    entry.has_host = has_host(raw, geometry);
    entry.host = ByteOffset{raw.entry & offset_mask};
    if (geometry.extended_l2)
        decode_bitmap(raw, entry);
    else
        decode_kind(raw, geometry, entry);
    if ((raw.entry & l2_reserved) != 0)
        entry.problem = "reserved bits that are set";
    else if (entry.problem == nullptr && entry.host.value % geometry.cluster_size() != 0)
        entry.problem = "a data cluster that is not cluster-aligned";
    return entry;
}

}  // namespace varve::qcow2
