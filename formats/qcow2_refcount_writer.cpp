#include "formats/qcow2_refcount_writer.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t refcount_bytes = (1u << refcount_order) / 8;
constexpr std::uint64_t table_entry_bytes = 8;
static_assert(refcount_bytes == sizeof(std::uint16_t));

std::uint64_t refcounts_per_block(ByteCount cluster_size) { return cluster_size.value / refcount_bytes; }

/// A refcount block whose first `count` clusters are used once, the rest free.
Bytes encode_block(std::uint64_t count, ByteCount cluster_size) {
    Bytes block(cluster_size.value);
    for (std::uint64_t i = 0; i < count; ++i)
        store_be<std::uint16_t>(ByteSpan(block).subspan(i * refcount_bytes, refcount_bytes), 1);
    return block;
}

void write_blocks(Output& output, ByteOffset begin, std::uint64_t clusters, ByteCount cluster_size) {
    const std::uint64_t per_block = refcounts_per_block(cluster_size);
    const Bytes full = encode_block(per_block, cluster_size);
    for (; clusters >= per_block; clusters -= per_block, begin += cluster_size) output.write(begin, full);
    if (clusters > 0) write_sparse(output, begin, encode_block(clusters, cluster_size));
}

void write_table(Output& output, ByteOffset begin, ByteOffset first_block, std::uint64_t blocks,
                 ByteCount cluster_size) {
    Bytes table(blocks * table_entry_bytes);
    for (std::uint64_t i = 0; i < blocks; ++i)
        store_be<std::uint64_t>(ByteSpan(table).subspan(i * table_entry_bytes, table_entry_bytes),
                                first_block.value + i * cluster_size.value);
    write_sparse(output, begin, table);
}

}  // namespace

RefcountShape refcount_shape_for(std::uint64_t used_clusters, ByteCount cluster_size) {
    RefcountShape shape;
    while (true) {  // both numbers only grow, and slower than what they cover: a fix point comes
        const std::uint64_t clusters = used_clusters + shape.blocks + shape.table_clusters;
        RefcountShape next;
        next.blocks = divide_up(clusters, refcounts_per_block(cluster_size));
        next.table_clusters =
            std::max<std::uint64_t>(1, divide_up(next.blocks * table_entry_bytes, cluster_size.value));
        if (next == shape) return shape;
        shape = next;
    }
}

RefcountTablePlace write_refcounts(Output& output, HostSpace& space) {
    const ByteCount cluster_size = space.cluster_size();
    const RefcountShape shape = refcount_shape_for(space.end().value / cluster_size.value, cluster_size);
    const ByteOffset blocks = space.take({shape.blocks * cluster_size.value});
    const ByteOffset table = space.take({shape.table_clusters * cluster_size.value});
    const std::uint64_t clusters = space.end().value / cluster_size.value;
    VARVE_CHECK(shape == refcount_shape_for(clusters - shape.blocks - shape.table_clusters, cluster_size) &&
                clusters <= shape.blocks * refcounts_per_block(cluster_size));
    write_blocks(output, blocks, clusters, cluster_size);
    write_table(output, table, blocks, shape.blocks, cluster_size);
    return {table, static_cast<std::uint32_t>(shape.table_clusters)};
}

}  // namespace varve::qcow2
