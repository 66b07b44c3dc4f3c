#pragma once
/// Builds a new snapshot's map from its parent's: only what is set differs, everything else is inherited page by page,
/// so the cost depends on the change. Without a parent everything starts unallocated. One thread.

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "engine/repository/chunk_store.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/map_page.h"

namespace varve {

class MapBuilder {
public:
    /// Borrows both for its life; `parent` may be null. Pages go to `session` as soon as they are complete.
    MapBuilder(PackSession& session, const DiskMap* parent);

    /// Leaves are set in ascending order, each at most once, by either call.
    /// `digest` is the leaf_digest of the page's chunks.
    void set_leaf(std::uint64_t leaf, const LeafPage& page, const Digest& digest);
    /// Leaves [begin, end) are all of `kind`, which is not present.
    void set_uniform(std::uint64_t begin, std::uint64_t end, MapKind kind);

    /// Everything past the disk's last leaf becomes unallocated. Returns the root page.
    Subtree finish(ByteCount disk_size);

private:
    /// The entries of the open page of one level that differ from the parent's.
    struct OpenPage {
        bool is_open = false;
        std::uint64_t index = 0;
        std::vector<std::pair<std::uint8_t, Subtree>> edits;
    };

    OpenPage& open_page(int level) { return open_[static_cast<std::size_t>(level)]; }
    void set_entry(int level, std::uint64_t entry, const Subtree& subtree);
    void close(int level);
    void close_below(int level);
    Subtree parent_subtree(int level, std::uint64_t index) const;
    InnerPage parent_page(int level, const Subtree& parent) const;
    Subtree store(const InnerPage& page);

    PackSession& session_;
    const DiskMap* parent_;
    std::array<OpenPage, map_root_level + 1> open_;  // [1]..[3]
    std::uint64_t next_leaf_ = 0;
    std::optional<Subtree> root_;
};

}  // namespace varve
