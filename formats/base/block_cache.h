#pragma once
/// Caches the most recently used blocks of several images (table pages, inflated clusters) within one byte budget, so
/// that a chain of many layers needs no more memory than one image. A block larger than the budget is not kept. Safe
/// from many threads; two threads that miss the same block at once both load it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "engine/base/bytes.h"
#include "engine/base/lru_cache.h"
#include "engine/base/units.h"

namespace varve {

class BlockCache {
public:
    using Block = std::shared_ptr<const Bytes>;

    /// `owner` comes from new_owner(); `position` identifies a block within its owner.
    struct Key {
        std::uint64_t owner = 0;
        std::uint64_t position = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };

    explicit BlockCache(ByteCount bytes_max) : blocks_(static_cast<std::size_t>(bytes_max.value)) {}

    std::uint64_t new_owner();

    /// The block of `key`, from memory or from `load`, whose errors pass through. The block stays valid while the
    /// caller holds it, even after the cache has dropped it.
    Block get(const Key& key, const std::function<Bytes()>& load);

private:
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<std::uint64_t>()(key.position * 0x9e3779b97f4a7c15u + key.owner);
        }
    };

    std::atomic<std::uint64_t> owners_{0};
    LruCache<Key, Bytes, KeyHash> blocks_;
};

/// The caches that all layers of one opened image share.
struct ReadCaches {
    explicit ReadCaches(ByteCount tables_max = mib(16)) : tables(tables_max) {}

    BlockCache tables;
    BlockCache clusters{mib(16)};
};

}  // namespace varve
