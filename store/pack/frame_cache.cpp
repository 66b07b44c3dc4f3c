#include "store/pack/frame_cache.h"

namespace varve {

std::shared_ptr<const Bytes> FrameCache::find(const PackId& pack, std::uint32_t frame) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_key_.find({pack, frame});
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->plain;
}

void FrameCache::insert(const PackId& pack, std::uint32_t frame, std::shared_ptr<const Bytes> plain) {
    const std::scoped_lock lock(mutex_);
    if (plain->size() > bytes_max_ || by_key_.contains({pack, frame})) return;
    bytes_ += plain->size();
    entries_.push_front({{pack, frame}, std::move(plain)});
    by_key_[{pack, frame}] = entries_.begin();
    while (bytes_ > bytes_max_) {
        bytes_ -= entries_.back().plain->size();
        by_key_.erase(entries_.back().key);
        entries_.pop_back();
    }
}

}  // namespace varve
