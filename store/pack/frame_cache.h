#pragma once
/// The most recently used decoded frames, so that a frame is not decoded again for each of its chunks or map pages.
/// Packs never change, so a frame becomes stale only when a damaged pack is put right: drop it when a content in it is
/// wrong. Safe to use from many threads; its lock is never held while something is read or decoded.

#include <memory>

#include "engine/base/lru_cache.h"
#include "engine/repository/chunk.h"

namespace varve {

class FrameCache {
public:
    explicit FrameCache(ByteCount bytes_max) : frames_(static_cast<std::size_t>(bytes_max.value)) {}

    /// The plain bytes of frame `frame` of `pack`, or nullptr.
    std::shared_ptr<const Bytes> find(const PackId& pack, std::uint32_t frame) { return frames_.find({pack, frame}); }

    void insert(const PackId& pack, std::uint32_t frame, const std::shared_ptr<const Bytes>& plain) {
        frames_.put({pack, frame}, plain, plain->size());
    }

    void drop(const PackId& pack, std::uint32_t frame) { frames_.drop({pack, frame}); }

private:
    LruCache<ChunkAddress, Bytes> frames_;  ///< by pack and frame number
};

}  // namespace varve
