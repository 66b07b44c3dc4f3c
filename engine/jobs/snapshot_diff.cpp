#include "engine/jobs/snapshot_diff.h"

#include <algorithm>

#include "engine/repository/disk_map.h"
#include "engine/repository/known_chunks.h"

namespace varve {
namespace {

DiffKind diff_kind(MapKind kind) {
    switch (kind) {
        case MapKind::present:
            return DiffKind::data;
        case MapKind::zero:
            return DiffKind::zero;
        case MapKind::unallocated:
            break;
    }
    return DiffKind::unallocated;
}

class MapDiff {
public:
    MapDiff(const Repository& repository, const DiskMap& a, const DiskMap& b, DiffDetail detail)
        : directory_(repository.catalog), a_(a), b_(b), detail_(detail) {}

    SnapshotDiff run() {
        walk(map_root_level, 0, a_.root(), b_.root());
        walk_size_change();
        for (const DiffExtent& extent : result_.extents) result_.bytes_changed += extent.length;
        return std::move(result_);
    }

private:
    std::uint64_t larger_size() const { return std::max(a_.size(), b_.size()).value; }
    std::uint64_t common_chunks() const { return chunk_count(std::min(a_.size(), b_.size())); }

    /// `first` is the subtrees' first leaf. Equal addresses mean equal pages; equal digests mean equal bytes.
    void walk(int level, std::uint64_t first, const Subtree& a, const Subtree& b) {
        if (first * map_fanout >= common_chunks() || a == b) return;
        if (detail_ == DiffDetail::bytes && counted_digest(a) == counted_digest(b)) return;
        if (a.kind != MapKind::present && b.kind != MapKind::present) {
            add(first * map_fanout, leaves_per_entry(level + 1) * map_fanout, a.kind, b.kind);
        } else if (level == 0) {
            walk_leaf(first, a, b);
        } else {
            const InnerPage page_a = page_of(level, a_, a);
            const InnerPage page_b = page_of(level, b_, b);
            for (std::size_t i = 0; i < map_fanout; ++i)
                walk(level - 1, first + i * leaves_per_entry(level), page_a.entries[i], page_b.entries[i]);
        }
    }

    static InnerPage page_of(int level, const DiskMap& map, const Subtree& subtree) {
        if (subtree.kind == MapKind::present) return *map.inner(level, subtree);
        InnerPage page;
        page.level = level;
        page.entries.fill(subtree);
        return page;
    }

    void walk_leaf(std::uint64_t leaf, const Subtree& a, const Subtree& b) {
        const KnownLeaf known_a = describe_leaf(a_, directory_, a);
        const KnownLeaf known_b = describe_leaf(b_, directory_, b);
        for (std::size_t i = 0; i < map_fanout; ++i) {
            const MapKind from = known_a.page.entries[i].kind;
            const MapKind to = known_b.page.entries[i].kind;
            const bool differs = known_a.ids[i] != known_b.ids[i] || (detail_ == DiffDetail::kinds && from != to);
            if (differs) add(leaf * map_fanout + i, 1, from, to);
        }
    }

    /// Chunks [begin, begin + count) differ; walk_size_change handles what is past the smaller disk's end.
    void add(std::uint64_t begin, std::uint64_t count, MapKind from, MapKind to) {
        const std::uint64_t end = std::min(begin + count, common_chunks());
        if (begin < end) append(begin, end, diff_kind(from), diff_kind(to));
    }

    static MapKind kind_of_chunk(const DiskMap& map, std::uint64_t chunk) {
        const Subtree subtree = map.subtree(0, chunk / map_fanout);
        return subtree.kind == MapKind::present ? map.leaf(subtree)->entries[chunk % map_fanout].kind : subtree.kind;
    }

    /// A chunk cut by the smaller disk's end differs even if the rest of it is zeros on the larger disk.
    void add_cut_chunk() {
        const std::uint64_t smaller = std::min(a_.size(), b_.size()).value;
        if (smaller % chunk_bytes == 0) return;
        const std::uint64_t chunk = common_chunks() - 1;
        const auto& extents = result_.extents;
        if (!extents.empty() && (extents.back().begin + extents.back().length).value > chunk * chunk_bytes) return;
        append(chunk, chunk + 1, diff_kind(kind_of_chunk(a_, chunk)), diff_kind(kind_of_chunk(b_, chunk)));
    }

    void walk_size_change() {
        if (a_.size() == b_.size()) return;
        add_cut_chunk();
        const bool grows = a_.size() < b_.size();
        const DiskMap& longer = grows ? b_ : a_;
        const std::uint64_t begin = common_chunks();
        const std::uint64_t end = chunk_count(longer.size());
        for_each_leaf_span(longer, begin / map_fanout, divide_up(end, map_fanout), [&](const LeafSpan& span) {
            const auto add_absent = [&](std::uint64_t from, std::uint64_t to, MapKind kind) {
                from = std::max(from, begin);
                to = std::min(to, end);
                if (from >= to) return;
                if (grows)
                    append(from, to, DiffKind::absent, diff_kind(kind));
                else
                    append(from, to, diff_kind(kind), DiffKind::absent);
            };
            const std::uint64_t first = span.first_leaf * map_fanout;
            if (span.subtree.kind != MapKind::present)
                return add_absent(first, first + span.leaf_count * map_fanout, span.subtree.kind);
            const auto page = longer.leaf(span.subtree);
            for (std::size_t i = 0; i < map_fanout; ++i) add_absent(first + i, first + i + 1, page->entries[i].kind);
        });
    }

    void append(std::uint64_t begin_chunk, std::uint64_t end_chunk, DiffKind from, DiffKind to) {
        const ByteOffset begin{begin_chunk * chunk_bytes};
        const ByteCount length{std::min(end_chunk * chunk_bytes, larger_size()) - begin.value};
        if (!result_.extents.empty()) {
            DiffExtent& last = result_.extents.back();
            if (last.begin + last.length == begin && last.from == from && last.to == to) {
                last.length += length;
                return;
            }
        }
        result_.extents.push_back({begin, length, from, to});
    }

    const SlotDirectory& directory_;
    const DiskMap& a_;
    const DiskMap& b_;
    const DiffDetail detail_;
    SnapshotDiff result_;
};

}  // namespace

std::string_view to_string(DiffKind kind) {
    switch (kind) {
        case DiffKind::data:
            return "data";
        case DiffKind::zero:
            return "zero";
        case DiffKind::unallocated:
            return "unallocated";
        case DiffKind::absent:
            return "absent";
    }
    return "unknown";
}

SnapshotDiff diff(const Repository& repository, const SnapshotRecord& a, const SnapshotRecord& b, DiffDetail detail) {
    const DiskMap map_a(repository.chunks, a);
    const DiskMap map_b(repository.chunks, b);
    return MapDiff(repository, map_a, map_b, detail).run();
}

}  // namespace varve
