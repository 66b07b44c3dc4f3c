#include "formats/lvm/segment_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/counted_read.h"
#include "formats/base/reader_source.h"

namespace varve::lvm {
namespace {

constexpr int segments_merged_max = 16;

std::uint64_t row_bytes(const MappedSegment& segment) { return segment.stripe_size.value * segment.legs.size(); }

/// How many bytes of the segment leg `leg` holds.
std::uint64_t leg_bytes(const MappedSegment& segment, std::size_t leg) {
    const std::uint64_t stripe = segment.stripe_size.value;
    const std::uint64_t rest = segment.range.length.value % row_bytes(segment);
    const std::uint64_t before = leg * stripe;
    const std::uint64_t in_last_row = rest > before ? std::min(rest - before, stripe) : 0;
    return segment.range.length.value / row_bytes(segment) * stripe + in_last_row;
}

}  // namespace

/// A run of a segment's bytes that are contiguous on one leg.
struct SegmentReader::Piece {
    const ByteSource* device = nullptr;
    const SegmentLeg* leg = nullptr;
    ByteOffset at;
    std::uint64_t length = 0;
};

SegmentReader::SegmentReader(std::string name, std::vector<MappedSegment> segments)
    : name_(std::move(name)), segments_(std::move(segments)) {
    VARVE_CHECK(!segments_.empty());
    info_.format = "raw";
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        VARVE_CHECK(segments_[i].range.begin == ByteOffset{} + info_.virtual_size && !segments_[i].range.empty());
        check_segment(i);
        info_.virtual_size += segments_[i].range.length;
        for (const SegmentLeg& leg : segments_[i].legs) devices_.push_back(leg.device.get());
    }
    std::sort(devices_.begin(), devices_.end());
    devices_.erase(std::unique(devices_.begin(), devices_.end()), devices_.end());
}

void SegmentReader::check_segment(std::size_t index) {
    MappedSegment& segment = segments_[index];
    if (segment.legs.empty()) return;
    if (segment.legs.size() == 1) segment.stripe_size = segment.range.length;
    if (segment.stripe_size.value == 0 || !checked_mul(segment.stripe_size.value, segment.legs.size()))
        throw Error(ErrorCode::corrupt, fmt::format("segment {} of volume '{}' has {} stripes of {} bytes each, which "
                                                    "is impossible",
                                                    index + 1, name_, segment.legs.size(), segment.stripe_size.value));
    for (std::size_t i = 0; i < segment.legs.size(); ++i) {
        const SegmentLeg& leg = segment.legs[i];
        const std::uint64_t needed = leg_bytes(segment, i);
        const std::uint64_t size = leg.device->size().value;
        if (leg.begin.value <= size && needed <= size - leg.begin.value) continue;
        throw Error(
            ErrorCode::corrupt,
            fmt::format("segment {} of volume '{}' needs {} bytes from {} on, but the device ends at byte {}: specify "
                        "the whole physical volume",
                        index + 1, name_, needed, leg.device->place(leg.begin), size));
    }
}

Extent SegmentReader::extent_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + info_.virtual_size;
    VARVE_CHECK(at < end);
    const MappedSegment* segment = &segment_at(at);
    Run run = run_at(*segment, (at - segment->range.begin).value);
    for (int merged = 1; merged < segments_merged_max; ++merged) {
        const ByteOffset next = at + ByteCount{run.length};
        if (next < segment->range.end() || next == end) break;
        const Run more = run_at(*++segment, 0);
        if (more.kind != run.kind) break;
        run.length += more.length;
    }
    return {at, {run.length}, run.kind};
}

void SegmentReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const MappedSegment& segment = segment_at(at);
        const Piece piece = piece_at(segment, (at - segment.range.begin).value);
        const ByteSpan part = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.length, out.size())));
        if (piece.device != nullptr)
            bytes_read_.fetch_add(counted_read(*piece.device, piece.at, part).value, std::memory_order_relaxed);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
}

void SegmentReader::check_unchanged() const {
    for (const ByteSource* device : devices_) device->check_unchanged();
}

std::string SegmentReader::place_of(ByteOffset at) const {
    const std::string here = fmt::format("byte {} of '{}'", at.value, name_);
    if (at.value >= info_.virtual_size.value) return here + ", past its end";
    const MappedSegment& segment = segment_at(at);
    const Piece piece = piece_at(segment, (at - segment.range.begin).value);
    if (piece.leg == nullptr) return here + ", in a segment of zeros";
    return fmt::format("{} ({})", piece.leg->device->place(piece.at), here);
}

const MappedSegment& SegmentReader::segment_at(ByteOffset at) const {
    const auto after = std::upper_bound(segments_.begin(), segments_.end(), at,
                                        [](ByteOffset a, const MappedSegment& b) { return a < b.range.begin; });
    return *std::prev(after);
}

/// Extends to the end of the stripe or of the segment; has no device in a segment of zeros.
SegmentReader::Piece SegmentReader::piece_at(const MappedSegment& segment, std::uint64_t at) {
    const std::uint64_t rest = segment.range.length.value - at;
    if (segment.legs.empty()) return {nullptr, nullptr, {}, rest};
    const std::uint64_t size = segment.stripe_size.value;
    const std::uint64_t stripe = at / size;
    const SegmentLeg& leg = segment.legs[stripe % segment.legs.size()];
    const ByteCount into_leg{stripe / segment.legs.size() * size + at % size};
    return {leg.device.get(), &leg, leg.begin + into_leg, std::min(size - at % size, rest)};
}

/// As long as one look at each leg shows; not necessarily maximal.
SegmentReader::Run SegmentReader::run_at(const MappedSegment& segment, std::uint64_t at) {
    if (segment.legs.empty()) return {ExtentKind::unallocated, segment.range.length.value - at};
    Run run = run_in_row(segment, at);
    const std::uint64_t row_size = row_bytes(segment);
    if ((at + run.length) % row_size == 0)
        run.length += whole_rows(segment, (at + run.length) / row_size, run.kind) * row_size;
    return run;
}

/// Ends at the end of the row of stripes at the latest.
SegmentReader::Run SegmentReader::run_in_row(const MappedSegment& segment, std::uint64_t at) {
    const std::uint64_t row_rest = row_bytes(segment) - at % row_bytes(segment);
    const std::uint64_t length_max = std::min(row_rest, segment.range.length.value - at);
    Run run;
    while (run.length < length_max) {
        const Piece piece = piece_at(segment, at + run.length);
        const Extent extent = piece.device->extent_at(piece.at);
        if (run.length == 0) run.kind = extent.kind;
        if (extent.kind != run.kind) break;
        run.length += std::min(extent.length.value, piece.length);
        if (extent.length.value < piece.length) break;
    }
    return run;
}

/// How many whole rows from `row` on are of this kind on all legs.
std::uint64_t SegmentReader::whole_rows(const MappedSegment& segment, std::uint64_t row, ExtentKind kind) {
    const std::uint64_t end = segment.range.length.value / row_bytes(segment);
    std::uint64_t rows = end > row ? end - row : 0;
    for (std::size_t i = 0; i < segment.legs.size() && rows != 0; ++i) {
        const SegmentLeg& leg = segment.legs[i];
        const Extent extent = leg.device->extent_at(leg.begin + ByteCount{row * segment.stripe_size.value});
        rows = extent.kind == kind ? std::min(rows, extent.length.value / segment.stripe_size.value) : 0;
    }
    return rows;
}

ByteSourcePtr source_of(std::shared_ptr<const SegmentReader> volume) {
    std::string name = volume->name();
    return std::make_shared<const ReaderSource>(volume, std::move(name),
                                                [volume](ByteOffset at) { return volume->place_of(at); });
}

}  // namespace varve::lvm
