#include "formats/qcow2/plain_clusters.h"

#include "engine/base/check.h"

namespace varve::qcow2 {

PlainClusters::PlainClusters(Output& output, HostSpace& space, MapWriter& map, ByteCount virtual_size,
                             const CreationOptions& options)
    : output_(output),
      space_(space),
      map_(map),
      options_(options),
      all_(all_subclusters(options)),
      is_preallocated_(options.preallocation != Preallocation::off),
      end_{divide_up(virtual_size.value, options.cluster_size().value) * options.cluster_size().value} {}

/// A run of clusters without a zero subcluster is contiguous in the file and written by one call.
void PlainClusters::put(ByteOffset guest, ByteView clusters) {
    const std::size_t cluster_size = options_.cluster_size().value;
    std::size_t run = 0;  // where the run of clusters that are all data begins
    for (std::size_t at = 0; at < clusters.size(); at += cluster_size) {
        const ByteView cluster = clusters.subspan(at, cluster_size);
        const Subclusters zeros = zeros_in(cluster);
        if (zeros == 0) continue;
        put_data(guest + ByteCount{run}, clusters.subspan(run, at - run));
        if (zeros == all_)
            zero({guest + ByteCount{at}, {cluster_size}});
        else
            put_part(guest + ByteCount{at}, cluster, all_);
        run = at + cluster_size;
    }
    put_data(guest + ByteCount{run}, clusters.subspan(run));
}

void PlainClusters::put_data(ByteOffset guest, ByteView clusters) {
    if (clusters.empty()) return;
    reserve_before(guest);
    const ByteRange range{guest, {clusters.size()}};
    const ByteOffset host = space_.take(range.length);
    output_.write(host, clusters);
    map_.set(range, {host, all_, 0});
    next_ = range.end();
}

void PlainClusters::put_part(ByteOffset guest, ByteView cluster, Subclusters covered) {
    const Subclusters zeros = zeros_in(cluster);
    const Subclusters data = covered & ~zeros;
    const ByteRange range{guest, options_.cluster_size()};
    if (data == 0 && covered == all_) return zero(range);
    reserve_before(guest);
    ClusterEntry entry{std::nullopt, data, covered & zeros};
    if (data != 0 || is_preallocated_) entry.host = space_.take(range.length);
    if (data != 0) write_subclusters(*entry.host, cluster, data);
    map_.set(range, entry);
    next_ = range.end();
}

void PlainClusters::zero(ByteRange guest) {
    reserve_before(guest.begin);
    next_ = guest.end();
    if (options_.has_zero_flag())
        map_.set(guest, {is_preallocated_ ? std::optional(space_.take(guest.length)) : std::nullopt, 0, all_});
    else if (is_preallocated_ || options_.backing_file)
        map_.set(guest, {space_.take(guest.length), all_, 0});
}

void PlainClusters::finish() { reserve_before(end_); }

Subclusters PlainClusters::zeros_in(ByteView cluster) const {
    const std::size_t length = options_.subcluster_size().value;
    Subclusters zeros = 0;
    for (unsigned i = 0; i < options_.subclusters(); ++i)
        if (is_zero(cluster.subspan(i * length, length))) zeros |= Subclusters{1} << i;
    return zeros;
}

/// Adjacent subclusters are written by one call.
void PlainClusters::write_subclusters(ByteOffset host, ByteView cluster, Subclusters data) {
    const auto is_data = [&](unsigned i) { return i < options_.subclusters() && (data >> i & 1) != 0; };
    const std::size_t length = options_.subcluster_size().value;
    for (unsigned begin = 0; begin < options_.subclusters();) {
        unsigned end = begin + 1;
        while (is_data(begin) && is_data(end)) ++end;
        if (is_data(begin))
            write_sparse(output_, host + ByteCount{begin * length},
                         cluster.subspan(begin * length, (end - begin) * length));
        begin = end;
    }
}

void PlainClusters::reserve_before(ByteOffset guest) {
    VARVE_CHECK(guest >= next_);
    if (!is_preallocated_ || guest == next_) return;
    map_.set({next_, guest - next_}, {space_.take(guest - next_), 0, 0});
    next_ = guest;
}

}  // namespace varve::qcow2
