#include "engine/backup.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/ordered_pipeline.h"
#include "engine/catalog_sync.h"
#include "engine/chunk_deposit.h"
#include "engine/commit.h"
#include "engine/leaf_assembly.h"
#include "engine/map_builder.h"
#include "engine/orphan_packs.h"
#include "engine/source_scan.h"

namespace varve {
namespace {

constexpr int attempts_max = 3;

struct SegmentTask {
    ChunkIndex first;
    std::shared_ptr<const KnownLeaf> parent;
};

using Task = std::variant<UniformLeaves, SegmentTask>;

struct Scanned {
    std::variant<UniformLeaves, ScannedSegment> what;
    std::shared_ptr<const KnownLeaf> parent;
};

/// One attempt at a backup, from the parent's map to the finished packs.
class BackupRun {
public:
    BackupRun(Repository& repository, const ImageReader& source, const BackupRequest& request, Progress& progress,
              const std::stop_token& stop)
        : repository_(repository),
          source_(source),
          request_(request),
          progress_(progress),
          stop_(stop),
          fingerprinter_(repository.info.fingerprint_seed),
          buffers_(segment_bytes),
          session_(repository.chunks.begin_session()),
          deposit_(*session_, repository.catalog) {}

    SnapshotRecord run();

    /// Whether the parent was forgotten since the run began: then parts of its map may be gone.
    bool lost_parent();

private:
    void find_parent();
    void scan();
    std::shared_ptr<const KnownLeaf> parent_leaf(std::uint64_t leaf) const;
    Scanned work(Task&& task) const;
    void take(OrderedPipeline<Task, Scanned>& pipeline);
    void enter(const UniformLeaves& leaves);
    void enter(const ScannedSegment& segment, const std::shared_ptr<const KnownLeaf>& parent);
    void finish_leaf();
    SnapshotRecord describe(const Subtree& root, ByteCount bytes_stored) const;
    ByteCount size() const { return source_.info().virtual_size; }

    Repository& repository_;
    const ImageReader& source_;
    const BackupRequest& request_;
    Progress& progress_;
    const std::stop_token& stop_;
    const Fingerprinter fingerprinter_;
    mutable BufferPool buffers_;
    std::unique_ptr<PackSession> session_;
    ChunkDeposit deposit_;
    std::optional<ListedSnapshot> parent_;
    std::optional<DiskMap> parent_map_;
    CommitBasis basis_;
    std::optional<MapBuilder> map_;
    std::optional<LeafAssembly> leaf_;
    ByteCount bytes_changed_;
    const ByteCount bytes_read_before_ = source_.bytes_read();
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

void BackupRun::find_parent() {
    catch_up(repository_, progress_);
    find_orphan_packs(repository_);
    basis_.last_move = repository_.catalog.last_move();
    const std::vector<ListedSnapshot> former = repository_.catalog.snapshots(request_.disk);
    if (former.empty()) return;
    parent_ = former.back();
    basis_.parents = {parent_->record.id};
    parent_map_.emplace(repository_.chunks, parent_->record);
}

std::shared_ptr<const KnownLeaf> BackupRun::parent_leaf(std::uint64_t leaf) const {
    if (!parent_map_) return nullptr;
    return std::make_shared<const KnownLeaf>(
        describe_leaf(*parent_map_, repository_.catalog, parent_map_->subtree(0, leaf)));
}

Scanned BackupRun::work(Task&& task) const {
    if (const auto* uniform = std::get_if<UniformLeaves>(&task)) return {*uniform, nullptr};
    const SegmentTask& segment = std::get<SegmentTask>(task);
    return {scan_segment(source_, segment.first, segment.parent.get(), fingerprinter_, buffers_), segment.parent};
}

void BackupRun::enter(const UniformLeaves& leaves) {
    if (parent_map_) {
        for_each_leaf_span(*parent_map_, leaves.begin, leaves.end, [&](const LeafSpan& span) {
            if (span.subtree.kind != MapKind::present) return;
            const auto page = parent_map_->leaf(span.subtree);
            for (std::size_t i = 0; i < map_fanout; ++i)
                if (page->entries[i].kind == MapKind::present)
                    bytes_changed_ += bytes_in_chunk({span.first_leaf * map_fanout + i}, size());
        });
    }
    map_->set_uniform(leaves.begin, leaves.end, leaves.kind);
}

void BackupRun::enter(const ScannedSegment& segment, const std::shared_ptr<const KnownLeaf>& parent) {
    const std::uint64_t leaf = segment.first.value / map_fanout;
    if (!leaf_ || leaf_->leaf() != leaf) {
        finish_leaf();
        leaf_.emplace(leaf, parent);
    }
    leaf_->add(segment, deposit_, size());
}

void BackupRun::finish_leaf() {
    if (!leaf_) return;
    leaf_->finish(*map_);
    bytes_changed_ += leaf_->bytes_changed();
    leaf_.reset();
}

void BackupRun::take(OrderedPipeline<Task, Scanned>& pipeline) {
    throw_if_stopped(stop_);
    const Scanned scanned = pipeline.take();
    if (const auto* uniform = std::get_if<UniformLeaves>(&scanned.what)) {
        finish_leaf();
        enter(*uniform);
        progress_.advance({std::min(uniform->end * leaf_bytes, size().value)});
    } else {
        const auto& segment = std::get<ScannedSegment>(scanned.what);
        enter(segment, scanned.parent);
        progress_.advance({std::min((segment.first.value + segment.chunks.size()) * chunk_bytes, size().value)});
    }
}

void BackupRun::scan() {
    map_.emplace(*session_, parent_map_ ? &*parent_map_ : nullptr);
    progress_.begin("reading", size());
    const unsigned workers = worker_count();
    OrderedPipeline<Task, Scanned> pipeline(workers, 2 * workers + 2,
                                            [this](Task&& task) { return work(std::move(task)); });
    const auto push = [&](Task task) {
        while (pipeline.full()) take(pipeline);
        pipeline.push(std::move(task));
    };
    const std::uint64_t chunks = chunk_count(size());
    for (std::uint64_t leaf = 0; leaf < leaf_count(size());) {
        if (const auto uniform = uniform_leaves_at(source_, leaf)) {
            push(*uniform);
            leaf = uniform->end;
            continue;
        }
        const std::shared_ptr<const KnownLeaf> parent = parent_leaf(leaf);
        for (std::uint64_t first = leaf * map_fanout; first < std::min(chunks, (leaf + 1) * map_fanout);
             first += segment_chunks)
            push(SegmentTask{{first}, parent});
        ++leaf;
    }
    while (!pipeline.empty()) take(pipeline);
    finish_leaf();
}

SnapshotRecord BackupRun::describe(const Subtree& root, ByteCount bytes_stored) const {
    SnapshotRecord record;
    record.id = SnapshotId::make();
    if (parent_) record.parent = parent_->record.id;
    record.disk = request_.disk;
    record.time = request_.time;
    record.size = size();
    record.map_digest = root.digest;
    record.map = root.page;
    record.root = root_identity(record.size, record.map_digest);
    record.source = request_.source;
    record.change_source = parent_ ? "rescan" : "full";
    record.tags = request_.tags;
    record.statistics.bytes_scanned = (source_.bytes_read() - bytes_read_before_).value;
    record.statistics.bytes_changed = bytes_changed_.value;
    record.statistics.bytes_stored = bytes_stored.value;
    record.statistics.chunks_new = deposit_.chunks_new();
    record.statistics.chunks_reused = deposit_.chunks_reused();
    record.statistics.duration_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun_).count());
    return record;
}

SnapshotRecord BackupRun::run() {
    find_parent();
    scan();
    const Subtree root = map_->finish(size());
    progress_.begin("committing", {});
    throw_if_stopped(stop_);
    const std::vector<StoredPack> packs = deposit_.finish();
    const SnapshotRecord record = describe(root, session_->bytes_stored());
    CommitEntry entry;
    entry.snapshots = {record};
    entry.hit_packs = deposit_.hit_packs();
    commit(repository_, std::move(entry), packs, basis_, progress_);
    return record;
}

bool BackupRun::lost_parent() {
    catch_up(repository_, progress_);
    return parent_ && repository_.catalog.snapshots_by_prefix(parent_->record.id.hex()).empty();
}

/// Whether a prune of another program, and nothing else, made the run fail.
bool was_overtaken(const Error& error, BackupRun& run) {
    if (error.code() == ErrorCode::conflict) return true;
    if (dynamic_cast<const CatalogDamaged*>(&error) != nullptr) return false;
    return (error.code() == ErrorCode::not_found || error.code() == ErrorCode::corrupt) && run.lost_parent();
}

void check_size(const ImageReader& source) {
    if (source.info().virtual_size > map_disk_bytes_max)
        throw Error(ErrorCode::unsupported, fmt::format("the disk has {} bytes; a snapshot holds at most {} (256 TiB)",
                                                        source.info().virtual_size.value, map_disk_bytes_max.value));
}

}  // namespace

SnapshotRecord backup(Repository& repository, const ImageReader& source, const BackupRequest& request,
                      Progress& progress, std::stop_token stop) {
    check_size(source);
    for (int attempt = 1;; ++attempt) {
        BackupRun run(repository, source, request, progress, stop);
        try {
            return run.run();
        } catch (const Error& error) {
            if (!request.can_restart || attempt == attempts_max || !was_overtaken(error, run)) throw;
            progress.warn(fmt::format("{}; starting again", error.what()));
        }
    }
}

}  // namespace varve
