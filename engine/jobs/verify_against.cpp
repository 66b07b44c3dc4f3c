#include "engine/jobs/verify_against.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "engine/backup/leaf_assembly.h"
#include "engine/backup/segment_scan.h"
#include "engine/base/buffer_pool.h"
#include "engine/base/ordered_pipeline.h"
#include "engine/image/compare_images.h"
#include "engine/image/finish_reading.h"
#include "engine/image/window_reader.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/known_chunks.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {
namespace {

/// The comparison of an image with a snapshot of the same size.
class ImageCheck {
public:
    ImageCheck(const Repository& repository, const SnapshotRecord& snapshot, const ImageReader& image)
        : repository_(repository),
          snapshot_(snapshot),
          image_(image),
          map_(repository.chunks, snapshot),
          fingerprinter_(repository.info.fingerprint_seed) {}

    VerifyReport run(Progress& progress, const std::stop_token& stop);

private:
    struct Task {
        ChunkIndex first;
        std::shared_ptr<const KnownLeaf> known;
    };
    struct Scanned {
        ScannedSegment segment;
        std::shared_ptr<const KnownLeaf> known;
    };

    /// Without a parent to compare fingerprints with, every chunk gets its id, which is the proof needed here.
    Scanned scan(Task&& task) {
        return {scan_segment(image_, task.first, nullptr, {}, fingerprinter_, buffers_), std::move(task.known)};
    }
    /// Both return where the compared part ends.
    ByteCount compare(const Scanned& scanned);
    ByteCount compare(const UniformLeaves& leaves);
    void note_difference(ChunkIndex chunk);

    const Repository& repository_;
    const SnapshotRecord& snapshot_;
    const ImageReader& image_;
    const DiskMap map_;
    const Fingerprinter fingerprinter_;
    BufferPool buffers_{segment_bytes};
    VerifyReport report_;
};

void ImageCheck::note_difference(ChunkIndex chunk) {
    const std::uint64_t begin = chunk.begin().value;
    report_.findings.push_back(finding_at(snapshot_, FindingKind::content_differs, begin, begin + chunk_bytes, "image",
                                          "the image's bytes differ from the snapshot's"));
}

ByteCount ImageCheck::compare(const Scanned& scanned) {
    const std::vector<ScannedChunk>& chunks = scanned.segment.chunks;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        const ChunkIndex chunk{scanned.segment.first.value + i};
        ++report_.checked_chunks;
        report_.checked_bytes += bytes_in_chunk(chunk, snapshot_.size);
        if (chunks[i].id != scanned.known->ids[chunk.value % map_fanout]) note_difference(chunk);
    }
    return {std::min((scanned.segment.first.value + chunks.size()) * chunk_bytes, snapshot_.size.value)};
}

/// Leaves where the image has no bytes: the snapshot must not have any either.
ByteCount ImageCheck::compare(const UniformLeaves& leaves) {
    const std::uint64_t begin = leaves.begin * map_fanout;
    const std::uint64_t end = std::min(leaves.end * map_fanout, chunk_count(snapshot_.size));
    const ByteCount done{std::min(end * chunk_bytes, snapshot_.size.value)};
    report_.checked_chunks += end - begin;
    report_.checked_bytes += done - ByteCount{begin * chunk_bytes};
    for_each_leaf_span(map_, leaves.begin, leaves.end, [&](const LeafSpan& span) {
        if (span.subtree.kind != MapKind::present) return;
        const auto page = map_.leaf(span.subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            if (page->entries[i].kind == MapKind::present) note_difference({span.first_leaf * map_fanout + i});
    });
    return done;
}

VerifyReport ImageCheck::run(Progress& progress, const std::stop_token& stop) {
    report_.mode = VerifyMode::against_image;
    progress.begin("comparing", snapshot_.size);
    OrderedPipeline<Task, Scanned> pipeline(worker_count(), 2 * worker_count() + 2,
                                            [this](Task&& task) { return scan(std::move(task)); });
    const auto take = [&] {
        throw_if_stopped(stop);
        progress.advance(compare(pipeline.take()));
    };
    const auto skip_uniform = [&](std::uint64_t leaf) -> std::optional<std::uint64_t> {
        const auto uniform = uniform_leaves_at(image_, leaf);
        if (!uniform) return std::nullopt;
        pipeline.drain(take);
        throw_if_stopped(stop);
        progress.advance(compare(*uniform));
        return uniform->end;
    };
    const auto scan_leaf = [&](std::uint64_t leaf) {
        const auto known =
            std::make_shared<const KnownLeaf>(describe_leaf(map_, repository_.catalog, map_.subtree(0, leaf)));
        for_each_segment(leaf, snapshot_.size, [&](ChunkIndex first) { pipeline.feed(Task{first, known}, take); });
    };
    walk_leaves(snapshot_.size, skip_uniform, scan_leaf);
    pipeline.drain(take);
    finish_reading(image_, progress);
    merge_neighbours(report_.findings);
    return std::move(report_);
}

/// The bytes before the end of the shorter one. It need not end with a chunk, so that bytes are compared, not chunk
/// ids.
VerifyReport compare_common_part(const Repository& repository, const SnapshotRecord& snapshot, const ImageReader& image,
                                 Progress& progress, const std::stop_token& stop) {
    const ByteRange common{{}, std::min(image.info().virtual_size, snapshot.size)};
    const SnapshotReader stored(repository.chunks, snapshot);
    const CompareReport compared = compare_images(WindowReader(stored, common), WindowReader(image, common),
                                                  CompareDetail::everything, progress, stop);
    VerifyReport report;
    report.mode = VerifyMode::against_image;
    report.checked_bytes = common.length;
    report.checked_chunks = chunk_count(common.length);
    for (const ByteRange& range : compared.ranges)
        report.findings.push_back(finding_at(snapshot, FindingKind::content_differs, range.begin.value,
                                             range.end().value, "image",
                                             "the image's bytes differ from the snapshot's"));
    return report;
}

}  // namespace

VerifyReport verify_against(const Repository& repository, const SnapshotRecord& snapshot, const ImageReader& image,
                            Progress& progress, std::stop_token stop) {
    if (image.info().virtual_size == snapshot.size) return ImageCheck(repository, snapshot, image).run(progress, stop);
    VerifyReport report = compare_common_part(repository, snapshot, image, progress, stop);
    const std::uint64_t common = std::min(image.info().virtual_size, snapshot.size).value;
    const std::string_view rest = report.findings.empty() ? ", and the part that both have is the same" : "";
    report.findings.push_back(finding_at(snapshot, FindingKind::content_differs, common,
                                         std::max(image.info().virtual_size, snapshot.size).value, "image",
                                         fmt::format("the image has {} bytes, the snapshot {}{}",
                                                     image.info().virtual_size.value, snapshot.size.value, rest)));
    return report;
}

}  // namespace varve
