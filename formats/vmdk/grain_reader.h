#pragma once
/// The guest bytes of a sparse extent of any kind, located by the map of its grains, which are plain or compressed.

#include <atomic>
#include <memory>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/base/stored_extent.h"
#include "formats/vmdk/grain_map.h"

namespace varve::vmdk {

enum class GrainCoding : std::uint8_t { plain, compressed, compressed_with_markers };

struct GrainLayout {
    ByteCount capacity;
    ByteCount grain_size;
    GrainCoding coding = GrainCoding::plain;
};

class GrainReader final : public ImageReader {
public:
    /// `map` describes the extent in `device`.
    GrainReader(ByteSourcePtr device, const GrainLayout& layout, std::unique_ptr<GrainMap> map,
                std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { device_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override;

private:
    std::uint64_t grains_after(std::uint64_t grain) const;
    Extent mapped_extent_at(ByteOffset at) const;
    StoredRun stored_run(ByteRange guest) const;
    void read_run(const GrainRun& run, ByteOffset at, ByteSpan out) const;
    ByteCount read_plain(ByteOffset place, ByteSpan out) const;
    void read_compressed(const GrainRun& run, ByteOffset at, ByteSpan out) const;

    ByteSourcePtr device_;
    GrainLayout layout_;
    std::unique_ptr<GrainMap> map_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t cache_owner_;
    ImageInfo info_;
    mutable RecentExtents mapped_;  ///< as the tables have them
    mutable RecentExtents recent_;  ///< with the holes of the file below
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::vmdk
