#include "formats/qcow2_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/qcow2_header_writer.h"
#include "formats/qcow2_host_space.h"
#include "formats/qcow2_map_writer.h"
#include "formats/qcow2_refcount_writer.h"
#include "formats/write_order.h"
#include "formats/zero_split.h"

namespace varve {
namespace {

constexpr std::uint64_t l1_table_bytes_max = std::uint64_t{32} << 20;  // QCOW_MAX_L1_SIZE of qemu
constexpr std::uint64_t table_entry_bytes = 8;

/// A guest range cut at cluster borders: `whole` is made of whole clusters, the others lie inside one each.
struct ClusterCut {
    ByteRange head;
    ByteRange whole;
    ByteRange tail;
};

ClusterCut cut_at_clusters(ByteRange range, ByteCount cluster_size) {
    const std::uint64_t into_cluster = range.begin.value % cluster_size.value;
    const std::uint64_t to_border = into_cluster == 0 ? 0 : cluster_size.value - into_cluster;
    const std::uint64_t head = std::min(to_border, range.length.value);
    const std::uint64_t tail = (range.length.value - head) % cluster_size.value;
    const std::uint64_t whole = range.length.value - head - tail;
    return {{range.begin, {head}},
            {range.begin + ByteCount{head}, {whole}},
            {range.begin + ByteCount{head + whole}, {tail}}};
}

class Qcow2Writer final : public ImageWriter {
public:
    Qcow2Writer(std::unique_ptr<Output> output, ByteCount virtual_size, const Qcow2Options& options)
        : output_(std::move(output)),
          virtual_size_(virtual_size),
          options_(options),
          cluster_size_{std::uint64_t{1} << options.cluster_bits},
          order_(virtual_size),
          space_(cluster_size_),
          map_(*output_, space_, virtual_size),
          partial_(cluster_size_.value) {}

    void write(ByteOffset at, ByteView bytes) override;
    void zero(ByteRange range) override;
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    void write_whole_clusters(ByteOffset at, ByteView bytes);
    ByteSpan partial_at(ByteRange part);
    void flush_partial();

    std::unique_ptr<Output> output_;
    ByteCount virtual_size_;
    Qcow2Options options_;
    ByteCount cluster_size_;
    WriteOrder order_;
    qcow2::HostSpace space_;
    qcow2::MapWriter map_;
    /// The cluster that ranges ending in its midst fill bit by bit; zeros where nothing came.
    Bytes partial_;
    std::optional<ByteOffset> partial_begin_;
};

void Qcow2Writer::write(ByteOffset at, ByteView bytes) {
    const ByteRange range{at, {bytes.size()}};
    order_.advance(range);
    const ClusterCut cut = cut_at_clusters(range, cluster_size_);
    const auto bytes_in = [&](ByteRange part) { return bytes.subspan((part.begin - at).value, part.length.value); };
    if (!cut.head.empty()) std::ranges::copy(bytes_in(cut.head), partial_at(cut.head).begin());
    if (!cut.whole.empty()) write_whole_clusters(cut.whole.begin, bytes_in(cut.whole));
    if (!cut.tail.empty()) std::ranges::copy(bytes_in(cut.tail), partial_at(cut.tail).begin());
}

void Qcow2Writer::zero(ByteRange range) {
    order_.advance(range);
    const ClusterCut cut = cut_at_clusters(range, cluster_size_);
    if (!cut.head.empty()) partial_at(cut.head);
    if (!cut.whole.empty()) {
        flush_partial();
        map_.set_zero(cut.whole);
    }
    if (!cut.tail.empty()) partial_at(cut.tail);
}

/// Runs of data clusters lie in one piece in the file and go there from the caller's memory, in one call each.
void Qcow2Writer::write_whole_clusters(ByteOffset at, ByteView bytes) {
    flush_partial();
    ZeroSplit split(at, bytes, cluster_size_);
    while (const auto run = split.next()) {
        if (run->is_zero) {
            map_.set_zero(run->range());
            continue;
        }
        const ByteOffset host = space_.take(run->range().length);
        output_->write(host, run->bytes);
        map_.set_data(run->range(), host);
    }
}

/// The bytes of `part`, inside one cluster, in the partial cluster; begins that cluster if another was held.
ByteSpan Qcow2Writer::partial_at(ByteRange part) {
    const std::uint64_t into_cluster = part.begin.value % cluster_size_.value;
    const ByteOffset begin = part.begin - ByteCount{into_cluster};
    if (partial_begin_ != begin) {
        flush_partial();
        partial_begin_ = begin;
    }
    return ByteSpan(partial_).subspan(into_cluster, part.length.value);
}

void Qcow2Writer::flush_partial() {
    if (!partial_begin_) return;
    const ByteRange guest{*partial_begin_, cluster_size_};
    partial_begin_.reset();
    if (is_zero(partial_)) {
        map_.set_zero(guest);
        return;
    }
    const ByteOffset host = space_.take(cluster_size_);
    write_sparse(*output_, host, partial_);
    map_.set_data(guest, host);
    std::ranges::fill(partial_, std::byte{0});
}

void Qcow2Writer::finish() {
    order_.finish();
    flush_partial();
    const qcow2::L1Place l1 = map_.finish();
    const qcow2::RefcountTablePlace refcount_table = qcow2::write_refcounts(*output_, space_);
    output_->resize(space_.end() - ByteOffset{});
    output_->write({}, qcow2::encode_header({options_.cluster_bits, virtual_size_, l1, refcount_table}));
    output_->commit();
}

}  // namespace

ByteCount qcow2_virtual_size_max(unsigned cluster_bits) {
    const std::uint64_t cluster_size = std::uint64_t{1} << cluster_bits;
    return {l1_table_bytes_max / table_entry_bytes * (cluster_size / table_entry_bytes) * cluster_size};
}

std::unique_ptr<ImageWriter> create_qcow2_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                 const Qcow2Options& options) {
    VARVE_CHECK(options.cluster_bits >= 9 && options.cluster_bits <= 21);
    const ByteCount size_max = qcow2_virtual_size_max(options.cluster_bits);
    if (virtual_size > size_max)
        throw Error(
            ErrorCode::unsupported,
            fmt::format(
                "a disk of {} bytes is too large for qcow2, which holds at most {} at {}-byte clusters: choose raw",
                virtual_size.value, size_max.value, std::uint64_t{1} << options.cluster_bits));
    return std::make_unique<Qcow2Writer>(std::move(output), virtual_size, options);
}

}  // namespace varve
