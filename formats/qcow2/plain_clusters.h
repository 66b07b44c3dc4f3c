#pragma once
/// Writes the clusters of a new qcow2 file uncompressed, each run of data in one piece. Subclusters of only zeros
/// become explicit zeros without I/O. Version 2 has no zero flag: there zeros stay unallocated, or, over a backing
/// file, become clusters that are a hole of the file.

#include "formats/output/output.h"
#include "formats/qcow2/cluster_sink.h"

namespace varve::qcow2 {

class PlainClusters final : public ClusterSink {
public:
    /// Borrows the first three for its life.
    PlainClusters(Output& output, HostSpace& space, MapWriter& map, ByteCount virtual_size,
                  const CreationOptions& options);

    void put(ByteOffset guest, ByteView clusters) override;
    void put_part(ByteOffset guest, ByteView cluster, Subclusters covered) override;
    void zero(ByteRange guest) override;
    void finish() override;

private:
    Subclusters zeros_in(ByteView cluster) const;
    void put_data(ByteOffset guest, ByteView clusters);
    void write_subclusters(ByteOffset host, ByteView cluster, Subclusters data);
    void reserve_before(ByteOffset guest);

    Output& output_;
    HostSpace& space_;
    MapWriter& map_;
    CreationOptions options_;
    Subclusters all_;
    bool is_preallocated_;
    ByteOffset next_;  ///< in a preallocated file, every guest cluster before it has its place
    ByteOffset end_;   ///< of the last guest cluster
};

}  // namespace varve::qcow2
