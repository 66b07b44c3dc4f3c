#include "formats/qcow2/compressed_clusters.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "formats/qcow2/compression.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t batch_bytes_min = 256 << 10;  // smaller pieces cost more in handing over than they gain

std::size_t batch_bytes(const CreationOptions& options) {
    return std::max(options.cluster_size().value, batch_bytes_min);
}

}  // namespace

CompressedClusters::CompressedClusters(Output& output, HostSpace& space, MapWriter& map, RefcountWriter& refcounts,
                                       ByteCount virtual_size, const CreationOptions& options)
    : space_(space),
      map_(map),
      options_(options),
      plain_(output, space, map, virtual_size, options),
      compressed_(output, space, refcounts),
      buffers_(batch_bytes(options)),
      pipeline_(worker_count(), 2 * worker_count(), [this](Batch&& batch) { return compress(std::move(batch)); }) {
    VARVE_CHECK(options.preallocation == Preallocation::off);
}

void CompressedClusters::put(ByteOffset guest, ByteView clusters) {
    while (!clusters.empty()) {
        const ByteView piece = clusters.first(std::min(clusters.size(), batch_bytes(options_)));
        Batch batch{{guest, {piece.size()}}, buffers_.lend(), {}, {}};
        std::ranges::copy(piece, batch.plain.span().begin());
        push(std::move(batch));
        guest += ByteCount{piece.size()};
        clusters = clusters.subspan(piece.size());
    }
}

void CompressedClusters::put_part(ByteOffset guest, ByteView cluster, Subclusters covered) {
    VARVE_CHECK(covered ==
                all_subclusters(options_));  // a compressed cluster hides the whole cluster of the backing file
    put(guest, cluster);
}

void CompressedClusters::zero(ByteRange guest) { push({guest, {}, {}, {}}); }

void CompressedClusters::finish() {
    pipeline_.drain([this] { store(pipeline_.take()); });
    compressed_.finish();
    plain_.finish();
}

void CompressedClusters::push(Batch batch) {
    pipeline_.feed(std::move(batch), [this] { store(pipeline_.take()); });
}

/// Runs on a thread of the pipeline.
CompressedClusters::Batch CompressedClusters::compress(Batch&& batch) {
    if (batch.plain.view().empty()) return std::move(batch);
    batch.streams = buffers_.lend();
    const std::size_t cluster_size = options_.cluster_size().value;
    ByteSpan free = batch.streams.span();
    for (std::size_t at = 0; at < batch.guest.length.value; at += cluster_size) {
        const ByteView cluster = batch.plain.view().subspan(at, cluster_size);
        const std::size_t length =
            is_zero(cluster) ? 0 : deflate_cluster(options_.compression, cluster, free).value_or(0);
        batch.lengths.push_back(length);
        free = free.subspan(length);
    }
    return std::move(batch);
}

void CompressedClusters::store(const Batch& batch) {
    if (batch.plain.view().empty()) return plain_.zero(batch.guest);
    const std::size_t cluster_size = options_.cluster_size().value;
    const ByteView plain = batch.plain.view().first(batch.guest.length.value);
    ByteView streams = batch.streams.view();
    std::size_t run = 0;  // where the run of clusters that are stored plain begins
    for (std::size_t i = 0; i < batch.lengths.size(); ++i) {
        const ByteView stream = streams.first(batch.lengths[i]);
        streams = streams.subspan(stream.size());
        // A stream may take two clusters; its L2 entry can't hold an offset far out in a huge file.
        const bool is_near = space_.end() + ByteCount{2 * cluster_size} <= map_.compressed_end();
        if (stream.empty() || !is_near) continue;
        const std::size_t at = i * cluster_size;
        plain_.put(batch.guest.begin + ByteCount{run}, plain.subspan(run, at - run));
        map_.set_compressed(batch.guest.begin + ByteCount{at}, compressed_.put(stream), {stream.size()});
        run = at + cluster_size;
    }
    plain_.put(batch.guest.begin + ByteCount{run}, plain.subspan(run));
}

}  // namespace varve::qcow2
