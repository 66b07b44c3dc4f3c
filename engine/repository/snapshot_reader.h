#pragma once
/// A snapshot as an image: the same interface as a disk file, so that every reader of images also reads snapshots.
/// Every chunk read is checked against its id. Safe from many threads.

#include <atomic>

#include "engine/image/image_reader.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/log_entry.h"

namespace varve {

class SnapshotReader final : public ImageReader {
public:
    /// Borrows `chunks` for its life.
    SnapshotReader(const ChunkStore& chunks, const SnapshotRecord& snapshot);

    const ImageInfo& info() const override { return info_; }
    /// At most to the end of its leaf, or of the uniform subtree that contains `at`.
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override {}  // chunks never change
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }

private:
    void read_leaf(std::uint64_t leaf, ByteOffset at, ByteSpan out) const;
    Extent uniform_extent(std::uint64_t leaf, ByteOffset at) const;
    Extent clipped(ByteOffset begin, std::uint64_t end, MapKind kind) const;

    const ChunkStore& chunks_;
    DiskMap map_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve
