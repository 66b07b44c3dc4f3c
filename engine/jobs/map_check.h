#pragma once
/// Checks what a snapshot names: its attachments and its map. Each map page is read and proved by its digest once,
/// however many snapshots share it. One thread.

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
        : repository_(repository), usage_(usage), findings_(findings) {}

    void run(const SnapshotRecord& snapshot);

private:
    void check(const Attachment& attachment);
    void walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree);
    Digest walk_leaf(const DiskMap& map, const Subtree& subtree);
    Digest walk_inner(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree);
    void report(int level, std::uint64_t first, const Subtree& subtree, const std::string& what);

    const Repository& repository_;
    PackUsage& usage_;
    std::vector<Finding>& findings_;
    std::set<ChunkAddress> proved_;  ///< pages and attachments that are right
    const SnapshotRecord* snapshot_ = nullptr;
};

}  // namespace varve
