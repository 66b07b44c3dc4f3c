#pragma once
/// Checks what a snapshot names: its attachments and its map. Each map page is read and proved by its digest once,
/// however many snapshots share it, unless something below it is damaged: that is reported for every snapshot. One
/// thread.

#include <set>
#include <string>
#include <vector>

#include "engine/jobs/finding.h"
#include "engine/jobs/pack_usage.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/repository.h"

namespace varve {

class MapCheck {
public:
    /// Adds the slots that the snapshots use to `usage`, and the damage to `findings`. Borrows all.
    MapCheck(const Repository& repository, PackUsage& usage, std::vector<Finding>& findings)
        : repository_(repository), usage_(usage), findings_(findings), slots_(repository.catalog) {}

    void run(const SnapshotRecord& snapshot);

    /// Pages of all snapshots so far that are right, with everything below them.
    std::uint64_t proved_pages() const { return proved_pages_; }

private:
    /// A page that is right, with everything below it. One that reaches the disk's end is so for that size only.
    struct ProvedPage {
        ChunkAddress address;
        ByteCount disk_size;  ///< 0: any
        friend auto operator<=>(const ProvedPage&, const ProvedPage&) = default;
    };

    void check(const Attachment& attachment);
    /// Whether the page and everything below it is right. False, too, when no places are left to report.
    bool walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree);
    Digest walk_leaf(const DiskMap& map, std::uint64_t first, const Subtree& subtree);
    static bool is_inside(const DiskMap& map, int level, std::uint64_t first);
    /// Sets `is_whole` to false when something below is damaged.
    Digest walk_inner(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree, bool& is_whole);
    void report(int level, std::uint64_t first, const Subtree& subtree, const std::string& what);

    const Repository& repository_;
    PackUsage& usage_;
    std::vector<Finding>& findings_;
    SlotsInForce slots_;
    std::set<ProvedPage> proved_;
    std::set<ChunkAddress> proved_attachments_;
    std::uint64_t proved_pages_ = 0;
    const SnapshotRecord* snapshot_ = nullptr;
    std::size_t places_left_ = 0;  ///< that may be reported of this snapshot
};

}  // namespace varve
