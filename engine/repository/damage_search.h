#pragma once
/// Finds the guest bytes of snapshots that depend on damaged content. A map page below which everything is sound is
/// looked at once, however many snapshots share it. Used only when there is damage. One thread.

#include <functional>
#include <limits>
#include <optional>
#include <unordered_set>

#include "engine/repository/disk_map.h"

namespace varve {

/// Guest bytes that cannot be read.
struct DamagedPart {
    ByteRange range;                   ///< within the disk
    ChunkAddress culprit;              ///< the damaged slot, where it is today
    std::optional<ChunkAddress> page;  ///< a map page, by its address in the map: nothing below it is known
};

class DamageSearch {
public:
    /// The damaged slot that the content of an address depends on; nullopt: none.
    using FindCulprit = std::function<std::optional<ChunkAddress>(const ChunkAddress& address)>;
    using Visit = std::function<void(const DamagedPart&)>;

    /// Borrows `chunks`.
    DamageSearch(const ChunkStore& chunks, FindCulprit culprit) : chunks_(chunks), culprit_(std::move(culprit)) {}

    /// Ascending. Ends after `parts_max` parts; returns false then: there may be more.
    bool run(const SnapshotRecord& snapshot, const Visit& visit,
             std::size_t parts_max = std::numeric_limits<std::size_t>::max());

private:
    /// Both return whether everything is sound, and end early when no parts are left to visit.
    bool walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree, const Visit& visit);
    bool walk_page(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree, const Visit& visit);

    const ChunkStore& chunks_;
    FindCulprit culprit_;
    std::size_t parts_left_ = 0;
    std::unordered_set<ChunkAddress> sound_;  ///< pages
};

}  // namespace varve
