#pragma once
/// Compresses the clusters of a new qcow2 file on several threads and packs the streams. A cluster that does not get
/// smaller is stored plain; one of only zeros becomes explicit zeros. The file does not depend on the timing of the
/// threads.
///
/// Memory: four batches per thread; a batch is 256 KiB, or one cluster if that is larger.

#include <vector>

#include "engine/base/buffer_pool.h"
#include "engine/base/ordered_pipeline.h"
#include "formats/qcow2/compressed_space.h"
#include "formats/qcow2/plain_clusters.h"

namespace varve::qcow2 {

class CompressedClusters final : public ClusterSink {
public:
    /// Borrows the first four for its life.
    CompressedClusters(Output& output, HostSpace& space, MapWriter& map, RefcountWriter& refcounts,
                       ByteCount virtual_size, const CreationOptions& options);

    void put(ByteOffset guest, ByteView clusters) override;
    void put_part(ByteOffset guest, ByteView cluster, Subclusters covered) override;
    void zero(ByteRange guest) override;
    void finish() override;

private:
    /// Consecutive guest clusters on their way through the threads.
    struct Batch {
        ByteRange guest;
        BufferPool::Buffer plain;          ///< empty: zeros
        BufferPool::Buffer streams;        ///< one after the other
        std::vector<std::size_t> lengths;  ///< of each cluster's stream; 0: stored plain
    };

    Batch compress(Batch&& batch);
    void push(Batch batch);
    void store(const Batch& batch);

    HostSpace& space_;
    MapWriter& map_;
    CreationOptions options_;
    PlainClusters plain_;
    CompressedSpace compressed_;
    BufferPool buffers_;
    OrderedPipeline<Batch, Batch> pipeline_;
};

}  // namespace varve::qcow2
