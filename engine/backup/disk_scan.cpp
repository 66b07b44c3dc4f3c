#include "engine/backup/disk_scan.h"

#include <algorithm>

namespace varve {

std::shared_ptr<const KnownLeaf> DiskScan::parent_leaf(std::uint64_t leaf) const {
    if (parent_ == nullptr) return nullptr;
    const Subtree subtree = parent_->subtree(0, leaf);
    return std::make_shared<const KnownLeaf>(soundness_.all_sound()
                                                 ? describe_leaf(*parent_, repository_.catalog, subtree)
                                                 : describe_leaf(*parent_, repository_.catalog, subtree, soundness_));
}

std::optional<DiskScan::Task> DiskScan::whole_leaves_at(std::uint64_t& leaf) const {
    if (const auto end = inherited_.leaves_from(leaf)) {
        leaf = *end;
        return InheritedLeaves{*end};
    }
    const auto uniform = uniform_leaves_at(source_, leaf);
    if (!uniform) return std::nullopt;
    leaf = uniform->end;
    return *uniform;
}

DiskScan::Scanned DiskScan::work(Task&& task) const {
    if (const auto* inherited = std::get_if<InheritedLeaves>(&task)) return {*inherited, nullptr};
    if (const auto* uniform = std::get_if<UniformLeaves>(&task)) return {*uniform, nullptr};
    const SegmentTask& segment = std::get<SegmentTask>(task);
    const auto inherited = inherited_.chunks(segment.first, chunks_in_segment(segment.first, size()));
    return {scan_segment(source_, segment.first, segment.parent.get(), inherited, fingerprinter_, buffers_),
            segment.parent};
}

void DiskScan::enter(const UniformLeaves& leaves) {
    if (parent_ != nullptr) {
        for_each_leaf_span(*parent_, leaves.begin, leaves.end, [&](const LeafSpan& span) {
            if (span.subtree.kind != MapKind::present) return;
            const auto page = parent_->leaf(span.subtree);
            for (std::size_t i = 0; i < map_fanout; ++i)
                if (page->entries[i].kind == MapKind::present)
                    bytes_changed_ += bytes_in_chunk({span.first_leaf * map_fanout + i}, size());
        });
    }
    map_.set_uniform(leaves.begin, leaves.end, leaves.kind);
}

void DiskScan::enter(const ScannedSegment& segment, const std::shared_ptr<const KnownLeaf>& parent) {
    const std::uint64_t leaf = segment.first.value / map_fanout;
    if (!leaf_ || leaf_->leaf() != leaf) {
        finish_leaf();
        leaf_.emplace(leaf, parent);
    }
    leaf_->add(segment, deduplicator_, size());
}

void DiskScan::finish_leaf() {
    if (!leaf_) return;
    leaf_->finish(map_);
    bytes_changed_ += leaf_->bytes_changed();
    leaf_.reset();
}

void DiskScan::enter(const Scanned& scanned) {
    if (const auto* segment = std::get_if<ScannedSegment>(&scanned.what)) {
        enter(*segment, scanned.parent);
        return;
    }
    finish_leaf();
    if (const auto* uniform = std::get_if<UniformLeaves>(&scanned.what)) enter(*uniform);
}

void DiskScan::run(Progress& progress, const std::stop_token& stop) {
    const unsigned workers = worker_count();
    Pipeline pipeline(workers, 2 * workers + 2, [this](Task&& task) { return work(std::move(task)); });
    const ByteCount read_before = source_.bytes_read();
    const auto take = [&] {
        throw_if_stopped(stop);
        enter(pipeline.take());
        progress.advance(source_.bytes_read() - read_before);
    };
    const auto skip = [&](std::uint64_t leaf) -> std::optional<std::uint64_t> {
        std::uint64_t next = leaf;
        auto task = whole_leaves_at(next);
        if (!task) return std::nullopt;
        pipeline.feed(std::move(*task), take);
        return next;
    };
    const auto scan = [&](std::uint64_t leaf) {
        const std::shared_ptr<const KnownLeaf> parent = parent_leaf(leaf);
        for_each_segment(leaf, size(), [&](ChunkIndex first) { pipeline.feed(SegmentTask{first, parent}, take); });
    };
    walk_leaves(size(), skip, scan);
    pipeline.drain(take);
    finish_leaf();
}

}  // namespace varve
