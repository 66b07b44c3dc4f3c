#include "engine/backup/change_audit.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/backup/chunk_space.h"
#include "engine/backup/inherited_chunks.h"
#include "engine/backup/segment_scan.h"
#include "engine/base/progress.h"
#include "engine/image/extent_walk.h"
#include "engine/repository/slot_in_force.h"

namespace varve {
namespace {

/// Futile draws allowed per chunk of the sample before the sample is used as it is.
constexpr std::uint64_t futile_draws_max = 64;

class AuditSample {
public:
    AuditSample(const ImageReader& source, const ChangeMap& changes, const DiskMap& parent, const AuditRequest& request)
        : source_(source),
          changes_(changes),
          parent_(parent),
          inherited_(&changes, source.info().virtual_size, parent.size()),
          space_(chunk_count(source.info().virtual_size)),
          random_(request.seed),
          count_(request.chunks) {}

    /// Ascending.
    std::set<ChunkIndex> draw(const std::stop_token& stop);

private:
    void draw_beside_changes(const std::stop_token& stop);
    void draw_anywhere(const std::stop_token& stop);
    std::vector<ChunkIndex> neighbours_of_changes(const std::stop_token& stop);
    void take(ChunkIndex chunk);
    /// The end of the run of chunks from `chunk` on that are pointless to verify; `chunk` itself if it is worth it.
    ChunkIndex pointless_until(ChunkIndex chunk) const;
    ChunkIndex changed_until(ChunkIndex chunk) const;
    /// Looks no further than `limit`.
    ChunkIndex empty_in_source_until(ChunkIndex chunk, ChunkIndex limit) const;
    ChunkIndex empty_in_parent_until(ChunkIndex chunk) const;
    ByteOffset disk_end() const { return ByteOffset{} + source_.info().virtual_size; }

    const ImageReader& source_;
    const ChangeMap& changes_;
    const DiskMap& parent_;
    const InheritedChunks inherited_;
    ChunkSpace space_;
    std::mt19937_64 random_;
    const std::uint64_t count_;
    std::set<ChunkIndex> sample_;
};

void AuditSample::take(ChunkIndex chunk) {
    sample_.insert(chunk);
    space_.remove(chunk, {chunk.value + 1});
}

ChunkIndex AuditSample::changed_until(ChunkIndex chunk) const {
    if (!inherited_.chunks(chunk, 1).empty()) return chunk;
    const ChangeRun run = changes_.change_at(chunk.begin());
    const std::uint64_t end = run.may_differ ? run.end().value / chunk_bytes : 0;
    return {std::max(end, chunk.value + 1)};
}

ChunkIndex AuditSample::empty_in_source_until(ChunkIndex chunk, ChunkIndex limit) const {
    const ByteOffset end = std::min(limit.begin(), disk_end());
    if (end <= chunk.begin()) return limit;
    const auto data = first_data(source_, {chunk.begin(), end - chunk.begin()});
    return data ? chunk_containing(data->begin) : limit;
}

ChunkIndex AuditSample::empty_in_parent_until(ChunkIndex chunk) const {
    const std::uint64_t leaf = chunk.value / map_fanout;
    for (int level = map_root_level - 1; level >= 0; --level) {
        const std::uint64_t index = leaf >> (8 * level);
        if (parent_.subtree(level, index).kind != MapKind::present) return {((index + 1) << (8 * level)) * map_fanout};
    }
    const auto page = parent_.leaf(parent_.subtree(0, leaf));
    std::uint64_t entry = chunk.value % map_fanout;
    while (entry < map_fanout && page->entries[entry].kind != MapKind::present) ++entry;
    return {leaf * map_fanout + entry};
}

ChunkIndex AuditSample::pointless_until(ChunkIndex chunk) const {
    if (const ChunkIndex changed = changed_until(chunk); changed > chunk) return changed;
    const ChunkIndex in_parent = empty_in_parent_until(chunk);
    return in_parent == chunk ? chunk : empty_in_source_until(chunk, in_parent);
}

/// A fair choice among the chunks right before and right after each run that may differ, however many runs there are.
std::vector<ChunkIndex> AuditSample::neighbours_of_changes(const std::stop_token& stop) {
    std::vector<ChunkIndex> chosen;
    std::uint64_t seen = 0;
    const auto offer = [&](ChunkIndex chunk) {
        ++seen;
        if (chosen.size() < count_) return chosen.push_back(chunk);
        const std::uint64_t place = std::uniform_int_distribution<std::uint64_t>(0, seen - 1)(random_);
        if (place < chosen.size()) chosen[static_cast<std::size_t>(place)] = chunk;
    };
    for (ByteOffset at; at < disk_end();) {
        throw_if_stopped(stop);
        const ChangeRun run = changes_.change_at(at);
        at = run.end();
        if (!run.may_differ) continue;
        if (run.begin.value >= chunk_bytes) offer({run.begin.value / chunk_bytes - 1});
        if (run.end() < disk_end()) offer({divide_up(run.end().value, chunk_bytes)});
    }
    std::shuffle(chosen.begin(), chosen.end(), random_);
    return chosen;
}

void AuditSample::draw_beside_changes(const std::stop_token& stop) {
    for (const ChunkIndex chunk : neighbours_of_changes(stop)) {
        if (sample_.size() >= count_ / 2) return;
        if (space_.contains(chunk) && pointless_until(chunk) == chunk) take(chunk);
    }
}

void AuditSample::draw_anywhere(const std::stop_token& stop) {
    for (std::uint64_t draws = 0; draws < futile_draws_max * count_; ++draws) {
        if (sample_.size() >= count_ || space_.left() == 0) return;
        throw_if_stopped(stop);
        const ChunkIndex chunk = space_.draw(random_);
        const ChunkIndex pointless = pointless_until(chunk);
        if (pointless > chunk)
            space_.remove(chunk, pointless);
        else
            take(chunk);
    }
}

std::set<ChunkIndex> AuditSample::draw(const std::stop_token& stop) {
    draw_beside_changes(stop);
    draw_anywhere(stop);
    return std::move(sample_);
}

/// Whether the chunk has the id that it has in the parent.
bool is_as_in_parent(const ScannedChunk& now, ChunkIndex chunk, const DiskMap& parent, const SlotDirectory& directory) {
    const Subtree leaf = parent.subtree(0, chunk.value / map_fanout);
    LeafEntry before{leaf.kind, {}};
    if (leaf.kind == MapKind::present)
        before = parent.leaf(leaf)->entries[static_cast<std::size_t>(chunk.value % map_fanout)];
    const bool had_data = before.kind == MapKind::present;
    if (had_data != (now.kind == MapKind::present)) return false;
    return !had_data || SlotsInForce(directory).get(before.address).slot().id == now.id;
}

}  // namespace

ChangeAudit audit_changes(const ImageReader& source, const ChangeMap& changes, const DiskMap& parent,
                          const SlotDirectory& directory, const AuditRequest& request, const std::stop_token& stop) {
    ChangeAudit audit;
    if (request.chunks == 0) return audit;
    const ByteCount read_before = source.bytes_read();
    BufferPool buffers(chunk_bytes);
    for (const ChunkIndex chunk : AuditSample(source, changes, parent, request).draw(stop)) {
        throw_if_stopped(stop);
        const ScannedChunk now = scan_chunk(source, chunk, buffers);
        ++audit.chunks;
        if (is_as_in_parent(now, chunk, parent, directory)) continue;
        audit.wrong = chunk;
        break;
    }
    audit.bytes = source.bytes_read() - read_before;
    return audit;
}

double audit_promise(std::uint64_t chunks, double fraction) {
    return 1 - std::pow(1 - fraction, static_cast<double>(chunks));
}

}  // namespace varve
