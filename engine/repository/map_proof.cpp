#include "engine/repository/map_proof.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/known_chunks.h"

namespace varve {
namespace {

class MapProof {
public:
    MapProof(const DiskMap& map, const SlotDirectory& directory, ByteRange range)
        : map_(map), directory_(directory), begin_(range.begin.value), end_(range.end().value) {}

    /// `subtree` is at `level` and begins at leaf `first`.
    void walk(int level, std::uint64_t first, const Subtree& subtree) const {
        if (subtree.kind != MapKind::present) return;
        if (level < map_root_level && first >= leaf_count(map_.size())) fail(level, first, "it is past the disk's end");
        if (level < map_root_level && !overlaps(level, first)) return;
        const Digest found = level == 0 ? leaf(first, subtree) : inner(level, first, subtree);
        if (found != subtree.digest)
            fail(level, first,
                 fmt::format("expected digest {}, found {}", to_hex(subtree.digest.view()), to_hex(found.view())));
    }

private:
    [[noreturn]] static void fail(int level, std::uint64_t first, const std::string& what) {
        throw Error(ErrorCode::corrupt,
                    fmt::format("map page of level {} at guest offset {}: {}", level, first * leaf_bytes, what));
    }

    bool overlaps(int level, std::uint64_t first) const {
        return first * leaf_bytes < end_ && (first + leaves_per_entry(level + 1)) * leaf_bytes > begin_;
    }

    Digest leaf(std::uint64_t first, const Subtree& subtree) const {
        const KnownLeaf known = describe_leaf(map_, directory_, subtree);
        const std::uint64_t count = chunk_count(map_.size()) - first * map_fanout;
        for (std::uint64_t i = count; i < map_fanout; ++i)
            if (known.page.entries[static_cast<std::size_t>(i)].kind == MapKind::present)
                fail(0, first, "it has chunks past the disk's end");
        return leaf_digest(known.ids);
    }

    Digest inner(int level, std::uint64_t first, const Subtree& subtree) const {
        const auto page = map_.inner(level, subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            walk(level - 1, first + i * leaves_per_entry(level), page->entries[i]);
        return inner_digest(*page);
    }

    const DiskMap& map_;
    const SlotDirectory& directory_;
    const std::uint64_t begin_;
    const std::uint64_t end_;
};

}  // namespace

std::optional<std::string> root_fault(const SnapshotRecord& snapshot) {
    const Digest bound = root_identity(snapshot.size, snapshot.map_digest);
    if (bound == snapshot.root) return std::nullopt;
    return fmt::format(
        "has a root that does not follow from its size of {} bytes and its map: expected {}, found {}; the "
        "size or the root was changed",
        snapshot.size.value, to_hex(bound.view()), to_hex(snapshot.root.view()));
}

void prove_map(const ChunkStore& chunks, const SlotDirectory& directory, const SnapshotRecord& snapshot,
               ByteRange range) {
    if (const auto fault = root_fault(snapshot))
        throw Error(ErrorCode::corrupt, fmt::format("the snapshot {}", *fault));
    const DiskMap map(chunks, snapshot);
    MapProof(map, directory, range).walk(map_root_level, 0, map.root());
}

}  // namespace varve
