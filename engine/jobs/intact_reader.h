#pragma once
/// What is left of a damaged snapshot, as an image: zeros wherever its map or its chunks are damaged or missing, and a
/// list of these places. Safe from many threads.
///
/// A map page counts as whole when its digest is the one that the page above it states. Where the slot table of a
/// chunk's pack is lost, that cannot be computed: then the page's own id, which was checked when it was read, has to
/// do, and the chunk is lost. A chunk is read only as a whole, so a damaged one is lost as a whole.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "engine/jobs/finding.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/repository.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {

class IntactReader final : public ImageReader {
public:
    /// Reads the map pages that cover `range` of the disk; only there may the image be asked and read. Borrows both.
    IntactReader(const Repository& repository, const SnapshotRecord& snapshot, ByteRange range);

    const ImageInfo& info() const override { return disk_.info(); }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return disk_.bytes_read(); }
    void check_unchanged() const override {}  // chunks never change
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }

    /// What is known by now to be damaged: at once for the map, for chunks once they are read. Ascending; damage of one
    /// kind in adjacent places is one finding, with the message about the first.
    std::vector<Finding> findings() const;

private:
    struct LostPlace {
        std::uint64_t end;
        FindingKind kind;
        std::string message;
    };

    void walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree);
    bool is_whole(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree);
    void lose_page(int level, std::uint64_t first, const std::string& why);
    void lose(ByteRange range, FindingKind kind, const std::string& why) const;
    ByteRange clipped(std::uint64_t begin, std::uint64_t end) const;
    /// The first part of `in` without map; an empty range at its end when there is none.
    ByteRange next_unmapped(ByteRange in) const;
    void read_mapped(ByteOffset at, ByteSpan out) const;
    void read_chunk(ByteOffset at, ByteSpan out) const;

    const Repository& repository_;
    const SnapshotRecord& snapshot_;
    const ByteRange range_;
    SnapshotReader disk_;
    std::optional<std::string> root_fault_;
    std::map<std::uint64_t, std::uint64_t> unmapped_;  ///< begin to end; set by the constructor
    mutable std::mutex mutex_;                         // for what follows
    mutable std::map<std::uint64_t, LostPlace> lost_;  ///< by begin; none overlap
};

}  // namespace varve
