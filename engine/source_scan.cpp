#include "engine/source_scan.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {
namespace {

/// The chunks that a byte range within the segment touches.
struct ChunkSpan {
    std::size_t begin;
    std::size_t end;
};

ChunkSpan chunks_touched(std::uint64_t begin, std::uint64_t end) {
    return {static_cast<std::size_t>(begin / chunk_bytes), static_cast<std::size_t>(divide_up(end, chunk_bytes))};
}

std::vector<Extent> extents_of(const ImageReader& source, ByteOffset begin, ByteOffset end) {
    std::vector<Extent> extents;
    for (ByteOffset at = begin; at < end;) {
        Extent extent = source.extent_at(at);
        VARVE_CHECK(extent.begin == at && extent.length.value > 0);
        extent.length = std::min(extent.end(), end) - at;
        at = extent.end();
        extents.push_back(extent);
    }
    return extents;
}

/// Any data makes a chunk data, any zero beside unallocated makes it zero.
void note_kinds(ScannedSegment& segment, const std::vector<Extent>& extents, ByteOffset begin) {
    for (const Extent& extent : extents) {
        if (extent.kind == ExtentKind::unallocated) continue;
        const MapKind kind = extent.kind == ExtentKind::data ? MapKind::present : MapKind::zero;
        const ChunkSpan span = chunks_touched((extent.begin - begin).value, (extent.end() - begin).value);
        for (std::size_t i = span.begin; i < span.end; ++i)
            segment.chunks[i].kind = std::max(segment.chunks[i].kind, kind);
    }
}

/// Reads the data extents into the buffer; what else lies in a chunk with data becomes zeros.
void read_data(ScannedSegment& segment, const ImageReader& source, const std::vector<Extent>& extents,
               ByteOffset begin) {
    const ByteSpan buffer = segment.data.span();
    for (const Extent& extent : extents) {
        const std::size_t at = static_cast<std::size_t>((extent.begin - begin).value);
        const ByteSpan target = buffer.subspan(at, static_cast<std::size_t>(extent.length.value));
        if (extent.kind == ExtentKind::data) {
            source.read(extent.begin, target);
        } else {
            // Only the edges can share a chunk with data, so a wide hole costs two chunks at most.
            const std::size_t head = std::min(target.size(), chunk_bytes);
            std::fill_n(target.begin(), head, std::byte{0});
            const std::size_t tail = std::min(target.size() - head, chunk_bytes);
            std::fill_n(target.end() - static_cast<std::ptrdiff_t>(tail), tail, std::byte{0});
        }
    }
    const std::size_t end = static_cast<std::size_t>((extents.back().end() - begin).value);
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(end),
              buffer.begin() + static_cast<std::ptrdiff_t>(segment.chunks.size() * chunk_bytes), std::byte{0});
}

void identify(ScannedSegment& segment, const KnownLeaf* parent, const Fingerprinter& fingerprinter) {
    const std::size_t in_leaf = segment.first.value % map_fanout;
    for (std::size_t i = 0; i < segment.chunks.size(); ++i) {
        ScannedChunk& chunk = segment.chunks[i];
        if (chunk.kind != MapKind::present) continue;
        const ByteView bytes = segment.bytes_of_chunk(i);
        if (is_zero(bytes)) {
            chunk.kind = MapKind::zero;
            continue;
        }
        chunk.fingerprint = fingerprinter.of(bytes);
        const bool had_data = parent != nullptr && parent->page.entries[in_leaf + i].kind == MapKind::present;
        chunk.is_same = had_data && parent->fingerprints[in_leaf + i] == chunk.fingerprint;
        chunk.id = chunk.is_same ? parent->ids[in_leaf + i] : sha256(bytes);
    }
}

}  // namespace

ScannedSegment scan_segment(const ImageReader& source, ChunkIndex first, const KnownLeaf* parent,
                            const Fingerprinter& fingerprinter, BufferPool& buffers) {
    const ByteOffset begin = first.begin();
    const ByteOffset end = std::min(begin + ByteCount{segment_bytes}, ByteOffset{} + source.info().virtual_size);
    ScannedSegment segment;
    segment.first = first;
    segment.chunks.resize(static_cast<std::size_t>(chunk_count(end - begin)));
    const std::vector<Extent> extents = extents_of(source, begin, end);
    note_kinds(segment, extents, begin);
    const bool has_data =
        std::any_of(extents.begin(), extents.end(), [](const Extent& e) { return e.kind == ExtentKind::data; });
    if (has_data) {
        segment.data = buffers.lend();
        read_data(segment, source, extents, begin);
        identify(segment, parent, fingerprinter);
    }
    return segment;
}

std::optional<UniformLeaves> uniform_leaves_at(const ImageReader& source, std::uint64_t leaf) {
    const ByteCount size = source.info().virtual_size;
    const ByteOffset begin{leaf * leaf_bytes};
    const ByteOffset disk_end = ByteOffset{} + size;
    ByteOffset end = begin;
    std::optional<ExtentKind> kind;
    while (end < disk_end) {
        const Extent extent = source.extent_at(end);
        if (extent.kind == ExtentKind::data || (kind && *kind != extent.kind)) break;
        kind = extent.kind;
        end = extent.end();
    }
    if (!kind) return std::nullopt;
    // Past the disk's end chunks are unallocated, so only an unallocated tail makes the last leaf uniform.
    const bool is_tail = end == disk_end && *kind == ExtentKind::unallocated;
    const std::uint64_t leaf_end = is_tail ? leaf_count(size) : end.value / leaf_bytes;
    if (leaf_end <= leaf) return std::nullopt;
    return UniformLeaves{leaf, leaf_end, *kind == ExtentKind::zero ? MapKind::zero : MapKind::unallocated};
}

}  // namespace varve
