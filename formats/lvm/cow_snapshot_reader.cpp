#include "formats/lvm/cow_snapshot_reader.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/image/window_reader.h"
#include "formats/base/counted_read.h"

namespace varve::lvm {
namespace {

constexpr int pieces_merged_max = 64;

}  // namespace

CowSnapshotReader::CowSnapshotReader(std::shared_ptr<const ImageReader> origin,
                                     std::shared_ptr<const ExceptionStore> store)
    : origin_(std::move(origin)), store_(std::move(store)) {
    VARVE_CHECK(store_->size() <= origin_->info().virtual_size);
    info_.format = "raw";
    info_.virtual_size = store_->size();
}

Extent CowSnapshotReader::extent_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + info_.virtual_size;
    VARVE_CHECK(at < end);
    Extent extent = piece_extent(at);
    for (int merged = 1; merged < pieces_merged_max && extent.end() < end; ++merged) {
        const Extent next = piece_extent(extent.end());
        if (next.kind != extent.kind) break;
        extent.length += next.length;
    }
    return extent;
}

void CowSnapshotReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const Piece piece = piece_at(at);
        const ByteSpan part =
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.length.value, out.size())));
        bytes_read_.fetch_add(read_piece(piece, part).value, std::memory_order_relaxed);
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
}

void CowSnapshotReader::check_unchanged() const {
    origin_->check_unchanged();
    store_->device().check_unchanged();
}

std::vector<ByteRange> CowSnapshotReader::unreadable() const {
    return unreadable_within(*origin_, {{}, info_.virtual_size});
}

CowSnapshotReader::Piece CowSnapshotReader::piece_at(ByteOffset at) const {
    const std::uint64_t chunk_size = store_->chunk_size().value;
    const std::uint64_t into_chunk = at.value % chunk_size;
    const ExceptionStore::Run run = store_->run_at(at.value / chunk_size);
    const ByteCount rest = ByteOffset{} + info_.virtual_size - at;
    const ByteCount length = std::min(rest, ByteCount{run.length * chunk_size - into_chunk});
    return {run.is_stored, run.is_stored ? ByteOffset{run.store_chunk * chunk_size + into_chunk} : at, length};
}

/// The first extent of a piece, clipped to the piece.
Extent CowSnapshotReader::piece_extent(ByteOffset at) const {
    const Piece piece = piece_at(at);
    const Extent below = piece.is_stored ? store_->device().extent_at(piece.at) : origin_->extent_at(piece.at);
    const bool hides = piece.is_stored && below.kind == ExtentKind::unallocated;
    return {at, std::min(below.length, piece.length), hides ? ExtentKind::zero : below.kind};
}

ByteCount CowSnapshotReader::read_piece(const Piece& piece, ByteSpan out) const {
    return piece.is_stored ? counted_read(store_->device(), piece.at, out) : counted_read(*origin_, piece.at, out);
}

}  // namespace varve::lvm
