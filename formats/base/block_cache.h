#pragma once
/// Keeps the blocks of several images that were used last (table pages, inflated clusters) within one byte budget,
/// so that a chain of many layers needs no more memory than one image. Safe from many threads; two threads that miss
/// the same block at once both load it.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

class BlockCache {
public:
    using Block = std::shared_ptr<const Bytes>;

    /// `owner` comes from new_owner(); `position` is whatever names a block within its owner.
    struct Key {
        std::uint64_t owner = 0;
        std::uint64_t position = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };

    explicit BlockCache(ByteCount bytes_max) : bytes_max_(bytes_max) {}

    std::uint64_t new_owner();

    /// The block of `key`, from memory or from `load`, whose errors pass through. The block stays valid for as long as
    /// it is held, even when the cache has dropped it.
    Block get(const Key& key, const std::function<Bytes()>& load);

private:
    struct Entry {
        Key key;
        Block block;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<std::uint64_t>()(key.position * 0x9e3779b97f4a7c15u + key.owner);
        }
    };

    Block find(const Key& key);
    void insert(const Key& key, const Block& block);

    const ByteCount bytes_max_;
    std::mutex mutex_;
    std::uint64_t owners_ = 0;
    ByteCount bytes_;
    std::list<Entry> newest_first_;
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> by_key_;
};

/// The caches that all layers of one opened image share.
struct ReadCaches {
    explicit ReadCaches(ByteCount tables_max = mib(16)) : tables(tables_max) {}

    BlockCache tables;
    BlockCache clusters{mib(16)};
};

}  // namespace varve
