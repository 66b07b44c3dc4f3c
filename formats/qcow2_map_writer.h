#pragma once
/// Builds the two-level cluster map of a new qcow2 file: where each guest cluster lies. Entries arrive in guest order;
/// one L2 table is held in memory and written when the next one begins, empty ones are never written. Memory: one
/// cluster, and the L1 table (256 KiB for 16 TiB).
///
/// Source: qemu docs/interop/qcow2.txt, "Cluster mapping".

#include <optional>

#include "engine/base/bytes.h"
#include "formats/output.h"
#include "formats/qcow2_host_space.h"

namespace varve::qcow2 {

/// Where the finished L1 table lies.
struct L1Place {
    ByteOffset begin;
    std::uint32_t entries = 0;
};

class MapWriter {
public:
    /// Borrows both for its life.
    MapWriter(Output& output, HostSpace& space, ByteCount virtual_size);

    /// The whole guest clusters of `guest` are data, at consecutive clusters from `host`.
    void set_data(ByteRange guest, ByteOffset host);

    /// The whole guest clusters of `guest` are explicitly zero.
    void set_zero(ByteRange guest);

    /// Writes what is still held; once, after the last entry.
    L1Place finish();

private:
    void set(ByteOffset guest, std::uint64_t entry);
    void flush_l2();

    Output& output_;
    HostSpace& space_;
    ByteCount cluster_size_;
    Bytes l1_;
    Bytes l2_;
    std::optional<std::uint64_t> l2_index_;  ///< which L2 table is held
};

}  // namespace varve::qcow2
