#include "engine/image/compare_images.h"

#include <algorithm>
#include <cstring>

#include "engine/base/buffer_pool.h"
#include "engine/base/ordered_pipeline.h"
#include "engine/image/finish_reading.h"

namespace varve {
namespace {

constexpr std::size_t piece_bytes = 4 << 20;
static_assert(piece_bytes % compare_block_bytes == 0);

struct PieceReport {
    ByteRange piece;
    std::optional<ByteOffset> first_difference;
    std::vector<ByteRange> ranges;
};

/// An image that continues unallocated past its end.
class EndlessImage {
public:
    explicit EndlessImage(const ImageReader& image) : image_(image), end_(ByteOffset{} + image.info().virtual_size) {}

    ByteOffset end() const { return end_; }

    /// The end (not past `limit`) of the unallocated or zero run from `at` on.
    ByteOffset end_of_nothing(ByteOffset at, ByteOffset limit) const {
        while (at < limit) {
            if (at >= end_) return limit;
            const Extent extent = image_.extent_at(at);
            if (extent.kind == ExtentKind::data) break;
            at = extent.end();
        }
        return std::min(at, limit);
    }

    /// The bytes of `range`; only data extents are read.
    void read(ByteRange range, ByteSpan out) const {
        for (ByteOffset at = range.begin; at < range.end();) {
            const ByteOffset data = end_of_nothing(at, range.end());
            const auto target = [&](ByteOffset begin, ByteOffset end) {
                return out.subspan(static_cast<std::size_t>((begin - range.begin).value),
                                   static_cast<std::size_t>((end - begin).value));
            };
            std::ranges::fill(target(at, data), std::byte{0});
            at = data;
            if (at == range.end()) break;
            const ByteOffset end = std::min(image_.extent_at(at).end(), range.end());
            image_.read(at, target(at, end));
            at = end;
        }
    }

private:
    const ImageReader& image_;
    ByteOffset end_;
};

void append(std::vector<ByteRange>& ranges, ByteRange range) {
    if (!ranges.empty() && ranges.back().end() == range.begin)
        ranges.back().length += range.length;
    else
        ranges.push_back(range);
}

PieceReport compare(ByteRange piece, ByteView a, ByteView b) {
    PieceReport report{piece, std::nullopt, {}};
    if (std::memcmp(a.data(), b.data(), a.size()) == 0) return report;
    std::size_t length = 0;
    for (std::size_t at = 0; at < a.size(); at += length) {
        const ByteOffset begin = piece.begin + ByteCount{at};
        length = std::min(compare_block_bytes - begin.value % compare_block_bytes, a.size() - at);
        if (std::memcmp(a.data() + at, b.data() + at, length) == 0) continue;
        if (!report.first_difference) {
            const auto first = std::mismatch(a.begin() + static_cast<std::ptrdiff_t>(at), a.end(),
                                             b.begin() + static_cast<std::ptrdiff_t>(at));
            report.first_difference = piece.begin + ByteCount{static_cast<std::uint64_t>(first.first - a.begin())};
        }
        append(report.ranges, {begin, {length}});
    }
    return report;
}

/// One comparison. Pieces go through the pipeline in order.
class Comparison {
public:
    Comparison(const ImageReader& a, const ImageReader& b, CompareDetail detail, Progress& progress,
               const std::stop_token& stop)
        : a_(a), b_(b), detail_(detail), progress_(progress), stop_(stop) {
        report_.size_a = a.info().virtual_size;
        report_.size_b = b.info().virtual_size;
    }

    CompareReport run();

private:
    PieceReport work(ByteRange piece);
    void add(const PieceReport& piece);
    void add_range(ByteRange range);
    /// Where the next piece begins: on a block boundary, with no data before it on either side.
    ByteOffset skip_nothing(ByteOffset at) const;
    bool is_decided() const { return detail_ == CompareDetail::first_difference && report_.first_difference; }

    ByteOffset common_end() const { return std::min(a_.end(), b_.end()); }
    ByteOffset end() const { return std::max(a_.end(), b_.end()); }

    const EndlessImage a_;
    const EndlessImage b_;
    const CompareDetail detail_;
    Progress& progress_;
    const std::stop_token& stop_;
    BufferPool buffers_{piece_bytes};
    CompareReport report_;
    ByteOffset last_range_end_;
};

PieceReport Comparison::work(ByteRange piece) {
    BufferPool::Buffer a = buffers_.lend();
    BufferPool::Buffer b = buffers_.lend();
    const auto length = static_cast<std::size_t>(piece.length.value);
    a_.read(piece, a.span().first(length));
    b_.read(piece, b.span().first(length));
    return compare(piece, a.view().first(length), b.view().first(length));
}

void Comparison::add_range(ByteRange range) {
    report_.bytes_differing += range.length;
    const bool goes_on = report_.ranges_differing > 0 && last_range_end_ == range.begin;
    last_range_end_ = range.end();
    if (!goes_on) ++report_.ranges_differing;
    if (report_.ranges_differing <= compare_ranges_listed_max) append(report_.ranges, range);
}

void Comparison::add(const PieceReport& piece) {
    if (!report_.first_difference) report_.first_difference = piece.first_difference;
    for (const ByteRange& range : piece.ranges) add_range(range);
    if (piece.piece.begin >= common_end() && !piece.ranges.empty()) report_.has_data_in_excess = true;
    progress_.advance({piece.piece.end().value});
}

ByteOffset Comparison::skip_nothing(ByteOffset at) const {
    ByteOffset both = at;
    while (both < end()) {
        const ByteOffset next = b_.end_of_nothing(both, a_.end_of_nothing(both, end()));
        if (next == both) break;
        both = next;
    }
    if (both == end()) return both;
    return std::max(at, ByteOffset{both.value - both.value % compare_block_bytes});
}

CompareReport Comparison::run() {
    progress_.begin("comparing", {end().value});
    const unsigned workers = worker_count();
    OrderedPipeline<ByteRange, PieceReport> pipeline(workers, 2 * workers + 2,
                                                     [this](ByteRange&& piece) { return work(piece); });
    const auto take = [&] {
        throw_if_stopped(stop_);
        add(pipeline.take());
    };
    for (ByteOffset at = skip_nothing({}); at < end() && !is_decided(); at = skip_nothing(at)) {
        throw_if_stopped(stop_);
        // No piece crosses the end of the smaller image.
        const ByteOffset edge = at < common_end() ? common_end() : end();
        const ByteRange piece{at, std::min(edge - at, ByteCount{piece_bytes - at.value % piece_bytes})};
        pipeline.feed(piece, take);
        at = piece.end();
    }
    while (!pipeline.empty() && !is_decided()) take();
    return std::move(report_);
}

}  // namespace

CompareReport compare_images(const ImageReader& a, const ImageReader& b, CompareDetail detail, Progress& progress,
                             const std::stop_token& stop) {
    CompareReport report = Comparison(a, b, detail, progress, stop).run();
    finish_reading(a, progress);
    finish_reading(b, progress);
    return report;
}

}  // namespace varve
