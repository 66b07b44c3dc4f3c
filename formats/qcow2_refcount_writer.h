#pragma once
/// Writes the refcounts of a new qcow2 file: one of 1 for every cluster of it, their own clusters among them. The last
/// thing to be placed. Memory: one cluster and the refcount table (8 bytes per 2 GiB of file at 64 KiB clusters).
///
/// Source: qemu docs/interop/qcow2.txt, "Host cluster management".

#include "formats/output.h"
#include "formats/qcow2_host_space.h"

namespace varve::qcow2 {

inline constexpr unsigned refcount_order = 4;  ///< 16 bits a refcount

/// Clusters that the refcount structures take.
struct RefcountShape {
    std::uint64_t blocks = 0;
    std::uint64_t table_clusters = 0;
    friend bool operator==(const RefcountShape&, const RefcountShape&) = default;
};

/// The smallest shape that covers `used_clusters` others and itself.
RefcountShape refcount_shape_for(std::uint64_t used_clusters, ByteCount cluster_size);

struct RefcountTablePlace {
    ByteOffset begin;
    std::uint32_t clusters = 0;
};

/// Takes the clusters of the refcount structures from `space` and writes them; nothing may be taken afterwards.
RefcountTablePlace write_refcounts(Output& output, HostSpace& space);

}  // namespace varve::qcow2
