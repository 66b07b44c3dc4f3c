#include "formats/vmdk/stream_index.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/grain_codec.h"
#include "formats/vmdk/magic.h"
#include "formats/vmdk/stream_marker.h"

namespace varve::vmdk {
namespace {

constexpr std::uint64_t padding_max = 16 << 20;
constexpr std::size_t grains_max = 16 << 20;
constexpr std::uint64_t footer_sectors = 2;  // with its marker
constexpr std::size_t piece_bytes = 64 << 10;

/// Whether these two sectors are a marker and the footer that it announces.
bool is_footer(ByteView sectors) {
    const StreamMarker marker = parse_marker(sectors);
    return marker.is(MarkerType::footer) && marker.value == 1 &&
           load_le<std::uint32_t>(sectors.subspan(sector_bytes)) == hosted_magic;
}

/// Serves a file's sectors in ascending order; reads them in larger pieces.
class SectorStream {
public:
    explicit SectorStream(const ByteSourcePtr& device) : device_(device) {}

    /// The sector at `at`, which is inside the device. Valid until the next call.
    ByteView at(ByteOffset at) {
        if (at < begin_ || at.value + sector_bytes > begin_.value + piece_.size()) {
            begin_ = at;
            piece_.resize(
                static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, device_->size().value - at.value)));
            device_->read_at(at, piece_);
        }
        return ByteView(piece_).subspan(static_cast<std::size_t>((at - begin_).value), sector_bytes);
    }

private:
    const ByteSourcePtr& device_;
    ByteOffset begin_;
    Bytes piece_;
};

}  // namespace

std::optional<SparseHeader> find_footer(const ByteSourcePtr& device) {
    constexpr std::uint64_t footer_bytes = footer_sectors * sector_bytes;
    const std::uint64_t sectors = device->size().value / sector_bytes;
    const std::uint64_t first = sectors - std::min(sectors, padding_max / sector_bytes);
    Bytes piece;
    // Pieces from the end backwards, each with one more sector, which may be the second half of a footer.
    for (std::uint64_t end = sectors; end >= first + footer_sectors;) {
        const std::uint64_t begin = std::max(first, end - std::min(end, piece_bytes / sector_bytes));
        piece.resize(static_cast<std::size_t>((end - begin) * sector_bytes));
        device->read_at(ByteOffset{begin * sector_bytes}, piece);
        for (std::uint64_t i = end - begin - 1; i-- > 0;)
            if (is_footer(ByteView(piece).subspan(static_cast<std::size_t>(i * sector_bytes), footer_bytes)))
                return read_sparse_header(device, ByteOffset{(begin + i + 1) * sector_bytes});
        if (begin == first) break;
        end = begin + 1;
    }
    return std::nullopt;
}

StreamIndex::StreamIndex(const ByteSourcePtr& device, const SparseHeader& header) {
    walk(device, header);
    sort(device);
}

void StreamIndex::walk(const ByteSourcePtr& device, const SparseHeader& header) {
    SectorStream sectors(device);
    const std::uint64_t size = device->size().value;
    std::uint64_t at = std::max(header.data_begin.value, sector_bytes);
    while (at <= size && size - at >= sector_bytes) {
        const StreamMarker marker = parse_marker(sectors.at(ByteOffset{at}));
        std::uint64_t skipped = 0;
        if (marker.is(MarkerType::end_of_stream)) return;
        if (marker.is_grain()) {
            add(device, header, ByteOffset{at}, marker.value);
            if (marker.size > stream_bytes_max(header.grain_size))
                throw corrupt(device->place(ByteOffset{at + 8}),
                              fmt::format("grain marker: expected a stream of at most {} bytes, found {}",
                                          stream_bytes_max(header.grain_size), marker.size));
            skipped = divide_up(StreamMarker::grain_encoded_bytes + marker.size, sector_bytes);
        } else if (marker.type <= static_cast<std::uint32_t>(MarkerType::progress) &&
                   marker.value <= size / sector_bytes) {
            skipped = 1 + marker.value;
        } else {
            throw corrupt(device->place(ByteOffset{at}),
                          fmt::format("expected a marker of a type from 0 to 4, found type {} for {} sectors",
                                      marker.type, marker.value));
        }
        at += skipped * sector_bytes;
    }
    throw corrupt(device->place(ByteOffset{size}),
                  "the stream ends without an end-of-stream marker: its end was cut off");
}

void StreamIndex::add(const ByteSourcePtr& device, const SparseHeader& header, ByteOffset at,
                      std::uint64_t disk_sector) {
    const std::uint64_t grain_sectors = header.grain_size.value / sector_bytes;
    const std::uint64_t index = disk_sector / grain_sectors;
    if (disk_sector % grain_sectors != 0 || index >= header.grains())
        throw corrupt(device->place(at),
                      fmt::format("grain marker: expected the first sector of one of {} grains of {} "
                                  "sectors, found sector {}",
                                  header.grains(), grain_sectors, disk_sector));
    const std::uint64_t file_sector = at.value / sector_bytes;
    if (grains_.size() == grains_max || index > UINT32_MAX || file_sector > UINT32_MAX)
        throw unsupported(device->place(at),
                          fmt::format("a stream without usable tables that has more than {} grains", grains_.size()));
    grains_.push_back({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(file_sector)});
}

void StreamIndex::sort(const ByteSourcePtr& device) {
    const auto by_index = [](const Grain& a, const Grain& b) { return a.index < b.index; };
    if (!std::is_sorted(grains_.begin(), grains_.end(), by_index)) std::sort(grains_.begin(), grains_.end(), by_index);
    for (std::size_t i = 1; i < grains_.size(); ++i)
        if (grains_[i - 1].index == grains_[i].index)
            throw corrupt(device->place(ByteOffset{std::uint64_t{grains_[i].sector} * sector_bytes}),
                          fmt::format("grain {} occurs twice in the stream", grains_[i].index));
}

GrainRun StreamIndex::run_at(std::uint64_t grain, std::uint64_t count_max, GrainRunBy by) const {
    VARVE_CHECK(count_max > 0);
    const auto next = std::lower_bound(grains_.begin(), grains_.end(), grain,
                                       [](const Grain& a, std::uint64_t b) { return a.index < b; });
    if (next == grains_.end()) return {ExtentKind::unallocated, count_max, {}};
    if (next->index != grain) return {ExtentKind::unallocated, std::min(count_max, next->index - grain), {}};
    std::uint64_t count = 1;
    if (by == GrainRunBy::kind)
        for (auto i = next + 1; count < count_max && i != grains_.end() && i->index == grain + count; ++i) ++count;
    return {ExtentKind::data, count, ByteOffset{std::uint64_t{next->sector} * sector_bytes}};
}

}  // namespace varve::vmdk
