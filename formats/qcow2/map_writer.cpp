#include "formats/qcow2/map_writer.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t l1_entry_bytes = 8;
constexpr std::uint64_t copied_flag = std::uint64_t{1} << 63;  // the refcount is exactly 1
constexpr std::uint64_t compressed_flag = std::uint64_t{1} << 62;
constexpr std::uint64_t reads_as_zero_flag = 1;
constexpr unsigned host_offset_bits = 56;

ByteSpan field_at(Bytes& table, std::uint64_t at) { return ByteSpan(table).subspan(at, 8); }

std::uint64_t round_up(std::uint64_t length, ByteCount unit) { return divide_up(length, unit.value) * unit.value; }

/// Entries of the L1 table that maps `virtual_size`; at least one.
std::uint64_t l1_entries_for(ByteCount virtual_size, const CreationOptions& options) {
    return std::max<std::uint64_t>(1, divide_up(virtual_size.value, options.l2_reach()));
}

}  // namespace

MapWriter::MapWriter(Output& output, HostSpace& space, ByteCount virtual_size, const CreationOptions& options)
    : output_(output),
      space_(space),
      options_(options),
      cluster_size_(options.cluster_size()),
      l1_(l1_entries_for(virtual_size, options) * l1_entry_bytes),
      l2_(cluster_size_.value) {}

void MapWriter::set(ByteRange guest, ClusterEntry entry) {
    VARVE_CHECK((entry.host || entry.data == 0) && (entry.data & entry.zero) == 0);
    VARVE_CHECK(entry.zero == 0 || options_.has_zero_flag());
    for (; !guest.empty(); guest = {guest.begin + cluster_size_, guest.length - cluster_size_}) {
        const std::uint64_t host = entry.host ? entry.host->value | copied_flag : 0;
        if (options_.extended_l2)
            put(guest.begin, host, std::uint64_t{entry.zero} << 32 | entry.data);
        else
            put(guest.begin, entry.zero != 0 ? host | reads_as_zero_flag : host, 0);
        if (entry.host) *entry.host += cluster_size_;
    }
}

void MapWriter::set_compressed(ByteOffset guest, ByteOffset host, ByteCount length) {
    VARVE_CHECK(host < compressed_end());
    const std::uint64_t last_sector = (host.value + length.value - 1) / sector_bytes;
    const std::uint64_t more_sectors = last_sector - host.value / sector_bytes;
    put(guest, compressed_flag | more_sectors << compressed_offset_bits() | host.value, 0);
}

ByteOffset MapWriter::compressed_end() const {
    return {std::uint64_t{1} << std::min(compressed_offset_bits(), host_offset_bits)};
}

unsigned MapWriter::compressed_offset_bits() const { return 62 - (options_.cluster_bits - 8); }

void MapWriter::put(ByteOffset guest, std::uint64_t entry, std::uint64_t bitmap) {
    const std::uint64_t l2_index = guest.value / options_.l2_reach();
    if (l2_index_ != l2_index) {
        VARVE_CHECK(!l2_index_ || *l2_index_ < l2_index);
        flush_l2();
        l2_index_ = l2_index;
    }
    const std::uint64_t at = guest.value % options_.l2_reach() / cluster_size_.value * options_.l2_entry_bytes();
    store_be<std::uint64_t>(field_at(l2_, at), entry);
    if (options_.extended_l2) store_be<std::uint64_t>(field_at(l2_, at + 8), bitmap);
}

void MapWriter::flush_l2() {
    if (!l2_index_) return;
    const ByteOffset host = space_.take(cluster_size_);
    write_sparse(output_, host, l2_);
    store_be<std::uint64_t>(field_at(l1_, *l2_index_ * l1_entry_bytes), host.value | copied_flag);
    std::ranges::fill(l2_, std::byte{0});
    l2_index_.reset();
}

TablePlace MapWriter::finish() {
    flush_l2();
    const ByteOffset begin = space_.take({round_up(l1_.size(), cluster_size_)});
    write_sparse(output_, begin, l1_);
    return {begin, l1_.size() / l1_entry_bytes};
}

}  // namespace varve::qcow2
