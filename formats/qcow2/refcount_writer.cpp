#include "formats/qcow2/refcount_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t table_entry_bytes = 8;

std::uint64_t refcounts_per_block(ByteCount cluster_size, unsigned refcount_bits) {
    return cluster_size.value * 8 / refcount_bits;
}

/// Sets refcount `index` of a block in which it is still zero. Narrow refcounts begin at the lowest bit of a byte.
void store_refcount(Bytes& block, std::uint64_t index, unsigned bits, std::uint64_t value) {
    if (bits < 8) {
        const std::uint64_t bit = index * bits;
        block[bit / 8] |= static_cast<std::byte>(value << bit % 8);
        return;
    }
    const std::uint64_t bytes = bits / 8;
    for (std::uint64_t i = 0; i < bytes; ++i)
        block[(index + 1) * bytes - 1 - i] = static_cast<std::byte>(value >> 8 * i & 0xff);
}

void check_table(std::uint64_t blocks, ByteCount cluster_size) {
    if (blocks <= refcount_table_entries_max) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("the qcow2 file would become larger than qemu opens with {}-byte clusters: choose a "
                            "larger cluster_size or a smaller refcount_bits",
                            cluster_size.value));
}

}  // namespace

RefcountShape refcount_shape_for(std::uint64_t used_clusters, std::uint64_t placed_blocks, ByteCount cluster_size,
                                 unsigned refcount_bits) {
    RefcountShape shape;
    while (true) {  // both numbers only grow, and slower than what they cover: there is a fixed point
        const std::uint64_t clusters = used_clusters + shape.blocks + shape.table_clusters;
        const std::uint64_t blocks =
            std::max(divide_up(clusters, refcounts_per_block(cluster_size, refcount_bits)), placed_blocks);
        const RefcountShape next{blocks - placed_blocks,
                                 std::max<std::uint64_t>(1, divide_up(blocks * table_entry_bytes, cluster_size.value))};
        if (next == shape) return shape;
        shape = next;
    }
}

RefcountWriter::RefcountWriter(Output& output, HostSpace& space, unsigned refcount_bits)
    : output_(output), space_(space), refcount_bits_(refcount_bits) {}

std::uint64_t RefcountWriter::count_max() const {
    return refcount_bits_ == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << refcount_bits_) - 1;
}

std::uint64_t RefcountWriter::per_block() const { return refcounts_per_block(space_.cluster_size(), refcount_bits_); }

void RefcountWriter::share(ByteOffset cluster) {
    const std::uint64_t index = cluster.value / space_.cluster_size().value;
    VARVE_CHECK(index >= blocks_.size() * per_block() && (shared_.empty() || shared_.back().cluster <= index));
    if (shared_.empty() || shared_.back().cluster < index) shared_.push_back({index, 0});
    ++shared_.back().more;
    VARVE_CHECK(shared_.back().more < count_max());
}

void RefcountWriter::write_before(ByteOffset settled) {
    while ((blocks_.size() + 1) * per_block() * space_.cluster_size().value <= settled.value) {
        check_table(blocks_.size() + 1, space_.cluster_size());
        write_next_block(space_.take(space_.cluster_size()), (blocks_.size() + 1) * per_block());
    }
}

TablePlace RefcountWriter::finish() {
    const ByteCount cluster_size = space_.cluster_size();
    const auto clusters_now = [&] { return space_.end().value / cluster_size.value; };
    const RefcountShape shape = refcount_shape_for(clusters_now(), blocks_.size(), cluster_size, refcount_bits_);
    check_table(blocks_.size() + shape.blocks, cluster_size);
    ByteOffset block = space_.take({shape.blocks * cluster_size.value});
    const ByteOffset table = space_.take({shape.table_clusters * cluster_size.value});
    const std::uint64_t clusters = clusters_now();
    for (std::uint64_t i = 0; i < shape.blocks; ++i, block += cluster_size)
        write_next_block(block, std::min(clusters, (blocks_.size() + 1) * per_block()));
    VARVE_CHECK(shared_.empty() && clusters <= blocks_.size() * per_block());
    Bytes places(blocks_.size() * table_entry_bytes);
    for (std::size_t i = 0; i < blocks_.size(); ++i)
        store_be<std::uint64_t>(ByteSpan(places).subspan(i * table_entry_bytes, table_entry_bytes), blocks_[i].value);
    write_sparse(output_, table, places);
    return {table, shape.table_clusters * cluster_size.value / table_entry_bytes};
}

/// Writes the next block at `at`: the clusters before `end_cluster` are in use, the others are free.
void RefcountWriter::write_next_block(ByteOffset at, std::uint64_t end_cluster) {
    write_sparse(output_, at, encode_block(blocks_.size() * per_block(), end_cluster));
    blocks_.push_back(at);
}

Bytes RefcountWriter::encode_block(std::uint64_t first_cluster, std::uint64_t end_cluster) {
    Bytes block(space_.cluster_size().value);
    for (std::uint64_t cluster = first_cluster; cluster < end_cluster; ++cluster) {
        const bool is_shared = !shared_.empty() && shared_.front().cluster == cluster;
        store_refcount(block, cluster - first_cluster, refcount_bits_, is_shared ? 1 + shared_.front().more : 1);
        if (is_shared) shared_.pop_front();
    }
    return block;
}

}  // namespace varve::qcow2
