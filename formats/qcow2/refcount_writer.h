#pragma once
/// Writes the refcounts of a new qcow2 file: 1 for every cluster of the file, including those of the refcounts
/// themselves, and more for a cluster that several compressed clusters share. Blocks are written at the end, or earlier
/// to keep the list of shared clusters short. Memory: one cluster, the refcount table (8 bytes per 2 GiB of file at
/// 64 KiB clusters), and 16 bytes for each shared cluster that no written block covers.
///
/// Source: qemu docs/interop/qcow2.txt, "Host cluster management".

#include <deque>
#include <vector>

#include "formats/output/output.h"
#include "formats/qcow2/header.h"
#include "formats/qcow2/host_space.h"

namespace varve::qcow2 {

/// The number of clusters that the refcount structures take.
struct RefcountShape {
    std::uint64_t blocks = 0;
    std::uint64_t table_clusters = 0;
    friend bool operator==(const RefcountShape&, const RefcountShape&) = default;
};

/// The smallest shape that covers `used_clusters` other clusters and itself. `placed_blocks` of the blocks are already
/// among the used clusters and not part of the result.
RefcountShape refcount_shape_for(std::uint64_t used_clusters, std::uint64_t placed_blocks, ByteCount cluster_size,
                                 unsigned refcount_bits);

class RefcountWriter {
public:
    /// Borrows both for its life. `refcount_bits` is a power of two, at most 64.
    RefcountWriter(Output& output, HostSpace& space, unsigned refcount_bits);

    /// The largest value of a refcount.
    std::uint64_t count_max() const;

    /// Counts one more use of the cluster at `cluster`. Calls ascend.
    void share(ByteOffset cluster);

    /// Writes the blocks that are complete up to `settled`: share() is never called below it again. Throws
    /// Error(unsupported) when the file outgrows what qemu opens.
    void write_before(ByteOffset settled);

    /// Takes clusters for what is not yet written and writes it; no cluster may be taken afterwards. The result is the
    /// place of the refcount table. Throws as above.
    TablePlace finish();

private:
    struct Sharing {
        std::uint64_t cluster;
        std::uint64_t more;  ///< uses beyond the first
    };

    std::uint64_t per_block() const;
    Bytes encode_block(std::uint64_t first_cluster, std::uint64_t end_cluster);
    void write_next_block(ByteOffset at, std::uint64_t end_cluster);

    Output& output_;
    HostSpace& space_;
    unsigned refcount_bits_;
    std::vector<ByteOffset> blocks_;  ///< those that have a place
    std::deque<Sharing> shared_;      ///< ascending; only clusters that no placed block covers
};

}  // namespace varve::qcow2
