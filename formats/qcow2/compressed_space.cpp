#include "formats/qcow2/compressed_space.h"

#include "engine/base/check.h"

namespace varve::qcow2 {
namespace {

constexpr std::size_t held_bytes_max = 1 << 20;

}  // namespace

CompressedSpace::CompressedSpace(Output& output, HostSpace& space, RefcountWriter& refcounts)
    : output_(output), space_(space), refcounts_(refcounts), used_(space.cluster_size()) {}

ByteOffset CompressedSpace::put(ByteView stream) {
    const ByteOffset at = place({stream.size()});
    if (at != held_begin_ + ByteCount{held_.size()} || held_.size() >= held_bytes_max) {
        finish();
        held_begin_ = at;
    }
    held_.insert(held_.end(), stream.begin(), stream.end());
    refcounts_.write_before(cluster_);
    return at;
}

void CompressedSpace::finish() {
    if (!held_.empty()) output_.write(held_begin_, held_);
    held_.clear();
}

ByteOffset CompressedSpace::place(ByteCount length) {
    const ByteCount cluster_size = space_.cluster_size();
    VARVE_CHECK(length.value > 0 && length < cluster_size);
    const ByteCount room = cluster_size - used_;
    const bool may_run_on = space_.end() == cluster_ + cluster_size;
    if (room.value == 0 || streams_ == refcounts_.count_max() || (length > room && !may_run_on)) begin_cluster();
    const ByteOffset at = cluster_ + used_;
    if (streams_ > 0) refcounts_.share(cluster_);  // the first stream is the cluster's own first use
    ++streams_;
    used_ += length;
    if (used_ > cluster_size) {
        const ByteCount run_on = used_ - cluster_size;
        begin_cluster();
        streams_ = 1;
        used_ = run_on;
    }
    return at;
}

void CompressedSpace::begin_cluster() {
    cluster_ = space_.take(space_.cluster_size());
    used_ = {};
    streams_ = 0;
}

}  // namespace varve::qcow2
