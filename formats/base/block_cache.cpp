#include "formats/base/block_cache.h"

namespace varve {

std::uint64_t BlockCache::new_owner() { return ++owners_; }

BlockCache::Block BlockCache::get(const Key& key, const std::function<Bytes()>& load) {
    if (Block known = blocks_.find(key)) return known;
    Block block = std::make_shared<const Bytes>(load());
    blocks_.put(key, block, block->size());
    return block;
}

}  // namespace varve
