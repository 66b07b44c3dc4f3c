#pragma once
/// The most recently used decoded frames, so that a frame is not decoded again for each of its chunks or map pages.
/// Packs never change, so its contents never become stale. Safe to use from many threads; its lock is never held while
/// something is read or decoded.

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/repository/chunk.h"

namespace varve {

class FrameCache {
public:
    explicit FrameCache(ByteCount bytes_max) : bytes_max_(bytes_max.value) {}

    /// The plain bytes of frame `frame` of `pack`, or nullptr.
    std::shared_ptr<const Bytes> find(const PackId& pack, std::uint32_t frame) const;
    void insert(const PackId& pack, std::uint32_t frame, std::shared_ptr<const Bytes> plain);

private:
    struct Entry {
        ChunkAddress key;  ///< pack and frame number
        std::shared_ptr<const Bytes> plain;
    };

    const std::uint64_t bytes_max_;
    mutable std::mutex mutex_;
    std::uint64_t bytes_ = 0;
    mutable std::list<Entry> entries_;  ///< most recently used first
    std::unordered_map<ChunkAddress, std::list<Entry>::iterator> by_key_;
};

}  // namespace varve
