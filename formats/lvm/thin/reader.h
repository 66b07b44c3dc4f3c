#pragma once
/// A thin device as a disk: mapped chunks are read from the pool's data volume, everything else from the external
/// origin, if there is one. Mapped chunks are presented as they are, including bytes that a former owner left in a
/// chunk if the pool does not zero chunks, because the kernel presents them too.

#include <atomic>

#include "engine/image/image_reader.h"
#include "formats/lvm/thin/mapping.h"

namespace varve::thin {

struct Disk {
    DeviceId id = 0;  ///< for error texts
    Mapping mapping;
    ByteCount chunk_size;                     ///< of the pool
    ByteCount virtual_size;                   ///< mappings past it exist after lvreduce but are not part of the disk
    std::shared_ptr<const ImageReader> data;  ///< the pool's data volume
    std::shared_ptr<const ImageReader> external_origin;  ///< may be null; zeros past its end
};

class Reader final : public ImageReader {
public:
    explicit Reader(Disk disk);

    /// Format "raw" with the pool's chunk size as cluster size.
    const ImageInfo& info() const override { return info_; }
    /// A mapped chunk has the kind that it has in the data volume, except that a hole there is `zero` here, because the
    /// chunk hides the external origin. Throws Error(corrupt) for a mapping past the end of the data volume.
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override;
    std::vector<std::string> late_warnings() const override { return {}; }

private:
    /// Bytes of one kind, and where to read them.
    struct Piece {
        ByteCount length;
        ExtentKind kind = ExtentKind::unallocated;
        const ImageReader* source = nullptr;
        ByteOffset at_source;
    };

    Piece piece_at(ByteOffset at) const;
    Piece mapped_piece(const MappingRun& run, ByteRange range) const;
    Piece unmapped_piece(ByteRange range) const;
    void expect_inside(const MappingRun& run, std::uint64_t data_blocks) const;

    Disk disk_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::thin
