#include <algorithm>

#include <fmt/format.h>

#include "engine/backup/leaf_assembly.h"
#include "engine/backup/segment_scan.h"
#include "engine/base/buffer_pool.h"
#include "engine/base/ordered_pipeline.h"
#include "engine/jobs/finding.h"
#include "engine/jobs/verify.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/known_chunks.h"

namespace varve {
namespace {

struct ComparedSegment {
    ScannedSegment segment;
    std::shared_ptr<const KnownLeaf> known;
};

void note_difference(ChunkIndex chunk, const SnapshotRecord& snapshot, VerifyReport& report) {
    const std::uint64_t begin = chunk.begin().value;
    report.findings.push_back(finding_at(snapshot, "content_differs", begin, begin + chunk_bytes, "image",
                                         "the image's bytes differ from the snapshot's"));
}

void compare(const ComparedSegment& compared, const SnapshotRecord& snapshot, VerifyReport& report) {
    for (std::size_t i = 0; i < compared.segment.chunks.size(); ++i) {
        const ChunkIndex chunk{compared.segment.first.value + i};
        ++report.checked_chunks;
        report.checked_bytes += bytes_in_chunk(chunk, snapshot.size);
        if (compared.segment.chunks[i].id != compared.known->ids[chunk.value % map_fanout])
            note_difference(chunk, snapshot, report);
    }
}

/// Leaves where the image has no bytes: the snapshot must have none either.
void compare(const UniformLeaves& leaves, const DiskMap& map, const SnapshotRecord& snapshot, VerifyReport& report) {
    const std::uint64_t begin = leaves.begin * map_fanout;
    const std::uint64_t end = std::min(leaves.end * map_fanout, chunk_count(snapshot.size));
    report.checked_chunks += end - begin;
    report.checked_bytes += ByteCount{std::min(end * chunk_bytes, snapshot.size.value) - begin * chunk_bytes};
    for_each_leaf_span(map, leaves.begin, leaves.end, [&](const LeafSpan& span) {
        if (span.subtree.kind != MapKind::present) return;
        const auto page = map.leaf(span.subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            if (page->entries[i].kind == MapKind::present)
                note_difference({span.first_leaf * map_fanout + i}, snapshot, report);
    });
}

}  // namespace

VerifyReport verify_against(const Repository& repository, const SnapshotRecord& snapshot, const ImageReader& image,
                            Progress& progress, std::stop_token stop) {
    VerifyReport report;
    if (image.info().virtual_size != snapshot.size) {
        report.findings.push_back(finding_at(snapshot, "content_differs", 0, 0, "image",
                                             fmt::format("the image has {} bytes, the snapshot {}",
                                                         image.info().virtual_size.value, snapshot.size.value)));
        return report;
    }
    const DiskMap map(repository.chunks, snapshot);
    const Fingerprinter fingerprinter(repository.info.fingerprint_seed);
    BufferPool buffers(segment_bytes);
    progress.begin("comparing", snapshot.size);
    // Without a parent to compare fingerprints with, every chunk gets its id: that is the proof asked for.
    using Task = std::pair<ChunkIndex, std::shared_ptr<const KnownLeaf>>;
    OrderedPipeline<Task, ComparedSegment> pipeline(worker_count(), 2 * worker_count() + 2, [&](Task&& task) {
        return ComparedSegment{scan_segment(image, task.first, nullptr, {}, fingerprinter, buffers), task.second};
    });
    const auto take = [&] {
        throw_if_stopped(stop);
        const ComparedSegment compared = pipeline.take();
        compare(compared, snapshot, report);
        progress.advance({std::min((compared.segment.first.value + compared.segment.chunks.size()) * chunk_bytes,
                                   snapshot.size.value)});
    };
    for (std::uint64_t leaf = 0; leaf < leaf_count(snapshot.size);) {
        if (const auto uniform = uniform_leaves_at(image, leaf)) {
            pipeline.drain(take);
            compare(*uniform, map, snapshot, report);
            leaf = uniform->end;
            throw_if_stopped(stop);
            progress.advance({std::min(leaf * leaf_bytes, snapshot.size.value)});
            continue;
        }
        const auto known =
            std::make_shared<const KnownLeaf>(describe_leaf(map, repository.catalog, map.subtree(0, leaf)));
        const std::uint64_t end = std::min(chunk_count(snapshot.size), (leaf + 1) * map_fanout);
        for (std::uint64_t first = leaf * map_fanout; first < end; first += segment_chunks) {
            pipeline.feed({ChunkIndex{first}, known}, take);
        }
        ++leaf;
    }
    pipeline.drain(take);
    image.check_unchanged();
    merge_neighbours(report.findings);
    return report;
}

}  // namespace varve
