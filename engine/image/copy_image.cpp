#include "engine/image/copy_image.h"

#include <algorithm>

#include "engine/base/buffer_pool.h"
#include "engine/base/ordered_pipeline.h"

namespace varve {
namespace {

/// As large as the largest cluster of qcow2, so that none is cut; larger pieces leave the processor's caches before
/// they are written.
constexpr std::size_t copy_piece_bytes = 2 << 20;

/// A run of the disk on its way to the writer; data pieces carry their bytes.
struct Piece {
    Extent extent;
    BufferPool::Buffer bytes;
};

void write(ImageWriter& writer, const Piece& piece) {
    switch (piece.extent.kind) {
        case ExtentKind::data:
            writer.write(piece.extent.begin,
                         piece.bytes.view().first(static_cast<std::size_t>(piece.extent.length.value)));
            break;
        case ExtentKind::zero:
            writer.zero({piece.extent.begin, piece.extent.length});
            break;
        case ExtentKind::unallocated:
            break;
    }
}

}  // namespace

void copy_image(const ImageReader& source, ImageWriter& writer, Progress& progress, const std::stop_token& stop) {
    const unsigned workers = worker_count();
    BufferPool buffers(copy_piece_bytes);
    OrderedPipeline<Extent, Piece> pipeline(workers, workers + 2, [&](Extent&& extent) {
        Piece piece{extent, {}};
        if (extent.kind == ExtentKind::data) {
            piece.bytes = buffers.lend();
            source.read(extent.begin, piece.bytes.span().first(static_cast<std::size_t>(extent.length.value)));
        }
        return piece;
    });
    ByteCount copied;
    const auto take = [&] {
        throw_if_stopped(stop);
        const Piece piece = pipeline.take();
        write(writer, piece);
        if (piece.extent.kind != ExtentKind::data) return;
        copied += piece.extent.length;
        progress.advance(copied);
    };
    const ByteOffset end = ByteOffset{} + source.info().virtual_size;
    for (ByteOffset at; at < end;) {
        Extent extent = source.extent_at(at);
        if (extent.kind == ExtentKind::data) {
            // Pieces end at multiples of their size, so that frames are rarely cut.
            const std::uint64_t piece_end = (at.value / copy_piece_bytes + 1) * copy_piece_bytes;
            extent.length = std::min(extent.end(), ByteOffset{piece_end}) - at;
        }
        at = extent.end();
        pipeline.feed(std::move(extent), take);
    }
    pipeline.drain(take);
}

}  // namespace varve
