#pragma once
/// Builds the two-level cluster map of a new qcow2 file, the place of each guest cluster. Entries arrive in guest
/// order; one L2 table is held in memory and written when the next one begins. Empty tables are never written. Memory:
/// one cluster, and the L1 table (256 KiB for 16 TiB).
///
/// Source: qemu docs/interop/qcow2.txt, "Cluster mapping" and "Extended L2 Entries".

#include <optional>

#include "engine/base/bytes.h"
#include "formats/output/output.h"
#include "formats/qcow2/header.h"
#include "formats/qcow2/host_space.h"
#include "formats/qcow2/options.h"
#include "formats/qcow2/tables.h"

namespace varve::qcow2 {

/// All subclusters of one cluster: without extended L2 entries there is just one.
inline Subclusters all_subclusters(const CreationOptions& options) { return options.extended_l2 ? ~Subclusters{0} : 1; }

/// The map entry of one guest cluster, or of several at consecutive host clusters.
struct ClusterEntry {
    std::optional<ByteOffset> host;  ///< of the first; none: it takes no space
    Subclusters data = 0;            ///< with a host cluster only
    Subclusters zero = 0;            ///< explicitly zero; none of them is data
};

class MapWriter {
public:
    /// Borrows the first two for its life.
    MapWriter(Output& output, HostSpace& space, ByteCount virtual_size, const CreationOptions& options);

    /// Maps each guest cluster of `guest`, which are whole, by `entry`. A host cluster without data is reserved;
    /// without extended L2 entries the format takes it for data.
    void set(ByteRange guest, ClusterEntry entry);

    /// Maps the guest cluster at `guest` to the compressed stream of `length` bytes at `host`, before compressed_end().
    void set_compressed(ByteOffset guest, ByteOffset host, ByteCount length);

    /// The end of the host offsets that a compressed entry can hold.
    ByteOffset compressed_end() const;

    /// Writes what is still held, and the L1 table, whose place is the result; once, after the last entry.
    TablePlace finish();

private:
    void put(ByteOffset guest, std::uint64_t entry, std::uint64_t bitmap);
    unsigned compressed_offset_bits() const;
    void flush_l2();

    Output& output_;
    HostSpace& space_;
    CreationOptions options_;
    ByteCount cluster_size_;
    Bytes l1_;
    Bytes l2_;
    std::optional<std::uint64_t> l2_index_;  ///< which L2 table is held
};

}  // namespace varve::qcow2
