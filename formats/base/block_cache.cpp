#include "formats/base/block_cache.h"

namespace varve {

std::uint64_t BlockCache::new_owner() {
    const std::lock_guard lock(mutex_);
    return ++owners_;
}

BlockCache::Block BlockCache::get(const Key& key, const std::function<Bytes()>& load) {
    if (Block known = find(key)) return known;
    Block block = std::make_shared<const Bytes>(load());
    insert(key, block);
    return block;
}

BlockCache::Block BlockCache::find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return found->second->block;
}

void BlockCache::insert(const Key& key, const Block& block) {
    const std::lock_guard lock(mutex_);
    if (by_key_.contains(key)) return;
    newest_first_.push_front({key, block});
    by_key_.emplace(key, newest_first_.begin());
    bytes_ += ByteCount{block->size()};
    while (bytes_ > bytes_max_ && newest_first_.size() > 1) {
        const Entry& oldest = newest_first_.back();
        bytes_ = bytes_ - ByteCount{oldest.block->size()};
        by_key_.erase(oldest.key);
        newest_first_.pop_back();
    }
}

}  // namespace varve
