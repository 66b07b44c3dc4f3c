#include "formats/lvm/thin/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/image/window_reader.h"

namespace varve::thin {

Reader::Reader(Disk disk) : disk_(std::move(disk)) {
    VARVE_CHECK(disk_.chunk_size.value != 0 && disk_.data != nullptr);
    info_.format = "raw";
    info_.virtual_size = disk_.virtual_size;
    info_.cluster_size = disk_.chunk_size;
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    const Piece piece = piece_at(at);
    return {at, piece.length, piece.kind};
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const Piece piece = piece_at(at);
        const ByteSpan part =
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.length.value, out.size())));
        if (piece.kind == ExtentKind::data) {
            piece.source->read(piece.at_source, part);
            bytes_read_.fetch_add(part.size(), std::memory_order_relaxed);
        } else {
            std::fill(part.begin(), part.end(), std::byte{0});
        }
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
}

void Reader::check_unchanged() const {
    disk_.mapping.check_unchanged();
    disk_.data->check_unchanged();
    if (disk_.external_origin) disk_.external_origin->check_unchanged();
}

std::vector<ByteRange> Reader::unreadable() const {
    if (!disk_.external_origin) return {};
    return unreadable_within(*disk_.external_origin, {{}, info_.virtual_size});
}

Reader::Piece Reader::piece_at(ByteOffset at) const {
    const std::uint64_t chunk = disk_.chunk_size.value;
    const std::uint64_t blocks = divide_up(info_.virtual_size.value, chunk);
    const MappingRun run = disk_.mapping.run_at(at.value / chunk, blocks);
    const ByteOffset run_end = run.end() == blocks ? ByteOffset{} + info_.virtual_size : ByteOffset{run.end() * chunk};
    const ByteRange range{at, run_end - at};
    return run.is_mapped ? mapped_piece(run, range) : unmapped_piece(range);
}

/// `range` is `run` without a part of its first block.
Reader::Piece Reader::mapped_piece(const MappingRun& run, ByteRange range) const {
    const std::uint64_t chunk = disk_.chunk_size.value;
    const std::uint64_t data_blocks = disk_.data->info().virtual_size.value / chunk;
    expect_inside(run, data_blocks);
    const ByteOffset at_data{run.data_block * chunk + range.begin.value % chunk};
    const Extent below = disk_.data->extent_at(at_data);
    const ByteCount length = std::min({range.length, below.length, ByteOffset{data_blocks * chunk} - at_data});
    const ExtentKind kind = below.kind == ExtentKind::unallocated ? ExtentKind::zero : below.kind;
    return {length, kind, disk_.data.get(), at_data};
}

Reader::Piece Reader::unmapped_piece(ByteRange range) const {
    const ImageReader* origin = disk_.external_origin.get();
    if (origin == nullptr || range.begin.value >= origin->info().virtual_size.value)
        return {range.length, ExtentKind::unallocated, nullptr, {}};
    const Extent below = origin->extent_at(range.begin);
    return {std::min(range.length, below.length), below.kind, origin, range.begin};
}

/// A run that crosses the end of the data volume is valid up to there.
void Reader::expect_inside(const MappingRun& run, std::uint64_t data_blocks) const {
    if (run.data_block < data_blocks) return;
    throw Error(ErrorCode::corrupt,
                fmt::format("thin device {}: block {} is mapped to data block {}, but the pool's data volume has {} "
                            "blocks of {} bytes; run 'thin_check' on the pool's metadata volume",
                            disk_.id, run.begin, run.data_block, data_blocks, disk_.chunk_size.value));
}

}  // namespace varve::thin
