#include "engine/backup/segment_scan.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/image/extent_walk.h"

namespace varve {
namespace {

std::vector<Extent> extents_of(const ImageReader& source, ByteOffset begin, ByteOffset end) {
    std::vector<Extent> extents;
    for_each_extent(source, {begin, end - begin}, [&](const Extent& extent) { extents.push_back(extent); });
    return extents;
}

/// Scans runs of chunks into one segment.
class SegmentScan {
public:
    /// Without a fingerprinter no chunk gets a fingerprint, and none is recognised as the parent's.
    SegmentScan(ScannedSegment& segment, const ImageReader& source, const KnownLeaf* parent,
                const Fingerprinter* fingerprinter, BufferPool& buffers)
        : segment_(segment), source_(source), parent_(parent), fingerprinter_(fingerprinter), buffers_(buffers) {}

    /// Chunks [begin, end) of the segment, taken from the parent.
    void inherit(std::size_t begin, std::size_t end);
    /// Chunks [begin, end) of the segment, read.
    void read(std::size_t begin, std::size_t end);

private:
    void note_kinds(const std::vector<Extent>& extents);
    void read_data(const std::vector<Extent>& extents, std::size_t end);
    void identify(std::size_t begin, std::size_t end);
    std::size_t in_segment(ByteOffset at) const { return static_cast<std::size_t>((at - origin_).value); }
    const LeafEntry& parent_entry(std::size_t i) const { return parent_->page.entries[in_leaf_ + i]; }

    ScannedSegment& segment_;
    const ImageReader& source_;
    const KnownLeaf* parent_;
    const Fingerprinter* fingerprinter_;
    BufferPool& buffers_;
    const ByteOffset origin_ = segment_.first.begin();
    const std::size_t in_leaf_ = static_cast<std::size_t>(segment_.first.value % map_fanout);
};

void SegmentScan::inherit(std::size_t begin, std::size_t end) {
    VARVE_CHECK(parent_ != nullptr);
    for (std::size_t i = begin; i < end; ++i) {
        VARVE_CHECK(!parent_->unsound[in_leaf_ + i]);
        ScannedChunk& chunk = segment_.chunks[i];
        chunk.kind = parent_entry(i).kind;
        chunk.is_same = chunk.kind == MapKind::present;
        chunk.id = parent_->ids[in_leaf_ + i];
        chunk.fingerprint = parent_->fingerprints[in_leaf_ + i];
    }
}

void SegmentScan::read(std::size_t begin, std::size_t end) {
    const ByteOffset disk_end = ByteOffset{} + source_.info().virtual_size;
    const ByteOffset run_end = std::min(origin_ + ByteCount{end * chunk_bytes}, disk_end);
    const std::vector<Extent> extents = extents_of(source_, origin_ + ByteCount{begin * chunk_bytes}, run_end);
    note_kinds(extents);
    if (std::none_of(extents.begin(), extents.end(), [](const Extent& e) { return e.kind == ExtentKind::data; }))
        return;
    if (segment_.data.view().empty()) segment_.data = buffers_.lend();
    read_data(extents, end);
    identify(begin, end);
}

/// Any data makes a chunk data, any zero beside unallocated makes it zero.
void SegmentScan::note_kinds(const std::vector<Extent>& extents) {
    for (const Extent& extent : extents) {
        if (extent.kind == ExtentKind::unallocated) continue;
        const MapKind kind = extent.kind == ExtentKind::data ? MapKind::present : MapKind::zero;
        const std::size_t end = static_cast<std::size_t>(divide_up(in_segment(extent.end()), chunk_bytes));
        for (std::size_t i = in_segment(extent.begin) / chunk_bytes; i < end; ++i)
            segment_.chunks[i].kind = std::max(segment_.chunks[i].kind, kind);
    }
}

/// Reads the data extents into the buffer and zeros the rest of each chunk with data. `end` is that of the run, in
/// chunks.
void SegmentScan::read_data(const std::vector<Extent>& extents, std::size_t end) {
    const ByteSpan buffer = segment_.data.span();
    for (const Extent& extent : extents) {
        const ByteSpan target = buffer.subspan(in_segment(extent.begin), static_cast<std::size_t>(extent.length.value));
        if (extent.kind == ExtentKind::data) {
            source_.read(extent.begin, target);
        } else {
            // Only the edges can share a chunk with data, so a wide hole costs two chunks at most.
            const std::size_t head = std::min(target.size(), chunk_bytes);
            std::fill_n(target.begin(), head, std::byte{0});
            const std::size_t tail = std::min(target.size() - head, chunk_bytes);
            std::fill_n(target.end() - static_cast<std::ptrdiff_t>(tail), tail, std::byte{0});
        }
    }
    const std::size_t disk_end = in_segment(extents.back().end());
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(disk_end),
              buffer.begin() + static_cast<std::ptrdiff_t>(end * chunk_bytes), std::byte{0});
}

void SegmentScan::identify(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        ScannedChunk& chunk = segment_.chunks[i];
        if (chunk.kind != MapKind::present) continue;
        const ByteView bytes = segment_.bytes_of_chunk(i);
        if (is_zero(bytes)) {
            chunk.kind = MapKind::zero;
            continue;
        }
        if (fingerprinter_ != nullptr) chunk.fingerprint = fingerprinter_->of(bytes);
        const bool had_data =
            fingerprinter_ != nullptr && parent_ != nullptr && parent_entry(i).kind == MapKind::present;
        chunk.is_same =
            had_data && !parent_->unsound[in_leaf_ + i] && parent_->fingerprints[in_leaf_ + i] == chunk.fingerprint;
        chunk.id = chunk.is_same ? parent_->ids[in_leaf_ + i] : sha256(bytes);
    }
}

}  // namespace

std::size_t chunks_in_segment(ChunkIndex first, ByteCount disk_size) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(segment_chunks, chunk_count(disk_size) - first.value));
}

ScannedSegment scan_segment(const ImageReader& source, ChunkIndex first, const KnownLeaf* parent,
                            const std::vector<bool>& inherited, const Fingerprinter& fingerprinter,
                            BufferPool& buffers) {
    ScannedSegment segment;
    segment.first = first;
    segment.chunks.resize(chunks_in_segment(first, source.info().virtual_size));
    SegmentScan scan(segment, source, parent, &fingerprinter, buffers);
    if (inherited.empty()) {
        scan.read(0, segment.chunks.size());
        return segment;
    }
    for (std::size_t begin = 0; begin < segment.chunks.size();) {
        std::size_t end = begin + 1;
        while (end < segment.chunks.size() && inherited[end] == inherited[begin]) ++end;
        if (inherited[begin])
            scan.inherit(begin, end);
        else
            scan.read(begin, end);
        begin = end;
    }
    return segment;
}

ScannedChunk scan_chunk(const ImageReader& source, ChunkIndex chunk, BufferPool& buffers) {
    ScannedSegment segment;
    segment.first = chunk;
    segment.chunks.resize(1);
    SegmentScan(segment, source, nullptr, nullptr, buffers).read(0, 1);
    return segment.chunks.front();
}

std::optional<UniformLeaves> uniform_leaves_at(const ImageReader& source, std::uint64_t leaf) {
    const ByteCount size = source.info().virtual_size;
    const ByteOffset begin{leaf * leaf_bytes};
    const ByteOffset disk_end = ByteOffset{} + size;
    ByteOffset end = begin;
    std::optional<ExtentKind> kind;
    for_each_extent(source, {begin, disk_end - begin}, [&](const Extent& extent) {
        if (extent.kind == ExtentKind::data || (kind && *kind != extent.kind)) return false;
        kind = extent.kind;
        end = extent.end();
        return true;
    });
    if (!kind) return std::nullopt;
    // Past the disk's end chunks are unallocated, so only an unallocated tail makes the last leaf uniform.
    const bool is_tail = end == disk_end && *kind == ExtentKind::unallocated;
    const std::uint64_t leaf_end = is_tail ? leaf_count(size) : end.value / leaf_bytes;
    if (leaf_end <= leaf) return std::nullopt;
    return UniformLeaves{leaf, leaf_end, *kind == ExtentKind::zero ? MapKind::zero : MapKind::unallocated};
}

}  // namespace varve
