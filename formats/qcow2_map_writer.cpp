#include "formats/qcow2_map_writer.h"

#include <algorithm>

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t entry_bytes = 8;
constexpr std::uint64_t copied_flag = std::uint64_t{1} << 63;  // the refcount is exactly 1
constexpr std::uint64_t reads_as_zero_flag = 1;

/// Guest bytes that one L2 table maps.
std::uint64_t l2_reach(ByteCount cluster_size) { return cluster_size.value / entry_bytes * cluster_size.value; }

ByteSpan entry_at(Bytes& table, std::uint64_t index) {
    return ByteSpan(table).subspan(index * entry_bytes, entry_bytes);
}

std::uint64_t round_up(std::uint64_t length, ByteCount unit) { return divide_up(length, unit.value) * unit.value; }

/// Entries of the L1 table that maps `virtual_size`; at least one.
std::uint64_t l1_entries_for(ByteCount virtual_size, ByteCount cluster_size) {
    return std::max<std::uint64_t>(1, divide_up(virtual_size.value, l2_reach(cluster_size)));
}

}  // namespace

MapWriter::MapWriter(Output& output, HostSpace& space, ByteCount virtual_size)
    : output_(output),
      space_(space),
      cluster_size_(space.cluster_size()),
      l1_(l1_entries_for(virtual_size, cluster_size_) * entry_bytes),
      l2_(cluster_size_.value) {}

void MapWriter::set_data(ByteRange guest, ByteOffset host) {
    for (; !guest.empty(); guest = {guest.begin + cluster_size_, guest.length - cluster_size_}) {
        set(guest.begin, host.value | copied_flag);
        host += cluster_size_;
    }
}

void MapWriter::set_zero(ByteRange guest) {
    for (; !guest.empty(); guest = {guest.begin + cluster_size_, guest.length - cluster_size_})
        set(guest.begin, reads_as_zero_flag);
}

void MapWriter::set(ByteOffset guest, std::uint64_t entry) {
    const std::uint64_t l2_index = guest.value / l2_reach(cluster_size_);
    if (l2_index_ != l2_index) {
        flush_l2();
        l2_index_ = l2_index;
    }
    store_be<std::uint64_t>(entry_at(l2_, guest.value % l2_reach(cluster_size_) / cluster_size_.value), entry);
}

void MapWriter::flush_l2() {
    if (!l2_index_) return;
    const ByteOffset host = space_.take(cluster_size_);
    write_sparse(output_, host, l2_);
    store_be<std::uint64_t>(entry_at(l1_, *l2_index_), host.value | copied_flag);
    std::ranges::fill(l2_, std::byte{0});
    l2_index_.reset();
}

L1Place MapWriter::finish() {
    flush_l2();
    const ByteOffset begin = space_.take({round_up(l1_.size(), cluster_size_)});
    write_sparse(output_, begin, l1_);
    return {begin, static_cast<std::uint32_t>(l1_.size() / entry_bytes)};
}

}  // namespace varve::qcow2
