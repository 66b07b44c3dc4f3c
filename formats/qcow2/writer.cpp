#include "formats/qcow2/writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/range_cut.h"
#include "formats/base/write_order.h"
#include "formats/qcow2/compressed_clusters.h"
#include "formats/qcow2/header_writer.h"
#include "formats/qcow2/host_space.h"
#include "formats/qcow2/map_writer.h"
#include "formats/qcow2/plain_clusters.h"
#include "formats/qcow2/refcount_writer.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t l1_table_bytes_max = std::uint64_t{32} << 20;  // QCOW_MAX_L1_SIZE of qemu
constexpr std::uint64_t table_entry_bytes = 8;

class Writer final : public ImageWriter {
public:
    Writer(std::unique_ptr<Output> output, ByteCount virtual_size, const CreationOptions& options)
        : output_(std::move(output)),
          virtual_size_(virtual_size),
          options_(options),
          cluster_size_(options.cluster_size()),
          order_(virtual_size),
          space_(cluster_size_),
          map_(*output_, space_, virtual_size, options),
          refcounts_(*output_, space_, options.refcount_bits),
          clusters_(make_clusters()),
          partial_(cluster_size_.value) {}

    void write(ByteOffset at, ByteView bytes) override;
    void zero(ByteRange range) override;
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    std::unique_ptr<ClusterSink> make_clusters();
    ByteSpan partial_at(ByteRange part);
    Subclusters subclusters_of(ByteRange part) const;
    void flush_partial();

    std::unique_ptr<Output> output_;
    ByteCount virtual_size_;
    CreationOptions options_;
    ByteCount cluster_size_;
    WriteOrder order_;
    HostSpace space_;
    MapWriter map_;
    RefcountWriter refcounts_;
    std::unique_ptr<ClusterSink> clusters_;
    /// The cluster that ranges ending in its midst fill bit by bit; zeros where nothing came.
    Bytes partial_;
    std::optional<ByteOffset> partial_begin_;
    Subclusters partial_said_ = 0;
};

std::unique_ptr<ClusterSink> Writer::make_clusters() {
    if (options_.compress)
        return std::make_unique<CompressedClusters>(*output_, space_, map_, refcounts_, virtual_size_, options_);
    return std::make_unique<PlainClusters>(*output_, space_, map_, virtual_size_, options_);
}

void Writer::write(ByteOffset at, ByteView bytes) {
    const ByteRange range{at, {bytes.size()}};
    order_.advance(range);
    const RangeCut cut = cut_at_units(range, cluster_size_);
    const auto bytes_in = [&](ByteRange part) { return bytes.subspan((part.begin - at).value, part.length.value); };
    if (!cut.head.empty()) std::ranges::copy(bytes_in(cut.head), partial_at(cut.head).begin());
    if (!cut.whole.empty()) {
        flush_partial();
        clusters_->put(cut.whole.begin, bytes_in(cut.whole));
    }
    if (!cut.tail.empty()) std::ranges::copy(bytes_in(cut.tail), partial_at(cut.tail).begin());
}

void Writer::zero(ByteRange range) {
    order_.advance(range);
    const RangeCut cut = cut_at_units(range, cluster_size_);
    if (!cut.head.empty()) partial_at(cut.head);
    if (!cut.whole.empty()) {
        flush_partial();
        clusters_->zero(cut.whole);
    }
    if (!cut.tail.empty()) partial_at(cut.tail);
}

/// The bytes of `part`, inside one cluster, in the partial cluster; begins that cluster if another was held.
ByteSpan Writer::partial_at(ByteRange part) {
    const std::uint64_t into_cluster = part.begin.value % cluster_size_.value;
    const ByteOffset begin = part.begin - ByteCount{into_cluster};
    if (partial_begin_ != begin) {
        flush_partial();
        partial_begin_ = begin;
    }
    partial_said_ |= subclusters_of(part);
    return ByteSpan(partial_).subspan(into_cluster, part.length.value);
}

/// Those that `part`, inside one cluster, touches.
Subclusters Writer::subclusters_of(ByteRange part) const {
    if (options_.unit() == cluster_size_) return all_subclusters(options_);
    const std::uint64_t into_cluster = part.begin.value % cluster_size_.value;
    const std::uint64_t first = into_cluster / options_.unit().value;
    const std::uint64_t end = divide_up(into_cluster + part.length.value, options_.unit().value);
    return static_cast<Subclusters>(((std::uint64_t{1} << end) - 1) & ~((std::uint64_t{1} << first) - 1));
}

void Writer::flush_partial() {
    if (!partial_begin_) return;
    const ByteOffset guest = *std::exchange(partial_begin_, std::nullopt);
    clusters_->put_part(guest, partial_, std::exchange(partial_said_, 0));
    std::ranges::fill(partial_, std::byte{0});
}

void Writer::finish() {
    order_.finish();
    flush_partial();
    clusters_->finish();
    const L1Place l1 = map_.finish();
    const RefcountTablePlace refcount_table = refcounts_.finish();
    output_->resize(space_.end() - ByteOffset{});
    output_->write({}, encode_header({options_, virtual_size_, l1, refcount_table}));
    output_->commit();
}

}  // namespace

ByteCount virtual_size_max(const CreationOptions& options) {
    return {l1_table_bytes_max / table_entry_bytes * options.l2_reach()};
}

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options) {
    VARVE_CHECK(options.cluster_bits >= 9 && options.cluster_bits <= 21);
    const ByteCount size_max = virtual_size_max(options);
    if (virtual_size > size_max)
        throw Error(
            ErrorCode::unsupported,
            fmt::format(
                "a disk of {} bytes is too large for qcow2, which holds at most {} at {}-byte clusters{}: choose raw",
                virtual_size.value, size_max.value, options.cluster_size().value,
                options.extended_l2 ? " with extended_l2=on" : ""));
    encode_header({options, virtual_size, {}, {}});  // what does not fit is said before anything is written
    return std::make_unique<Writer>(std::move(output), virtual_size, options);
}

}  // namespace varve::qcow2
