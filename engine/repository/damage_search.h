#pragma once
/// Finds the guest bytes of snapshots that depend on damaged content. A map page below which everything is sound is
/// looked at once, however many snapshots share it. Used only when there is damage. One thread.

#include <functional>
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

    /// Ascending.
    void run(const SnapshotRecord& snapshot, const Visit& visit);

private:
    /// Both return whether everything is sound.
    bool walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree, const Visit& visit);
    bool walk_page(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree, const Visit& visit);

    const ChunkStore& chunks_;
    FindCulprit culprit_;
    std::unordered_set<ChunkAddress> sound_;  ///< pages
};

}  // namespace varve
