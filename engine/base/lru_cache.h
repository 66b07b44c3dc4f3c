#pragma once
/// Keeps the values used last, up to a number of bytes; a value bigger than that is not kept. Safe from many threads.

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace varve {

template <typename Key, typename Value>
class LruCache {
public:
    explicit LruCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// The value kept under `key`, now the one used last; or null.
    std::shared_ptr<const Value> find(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        items_.splice(items_.begin(), items_, found->second);
        return found->second->value;
    }

    /// Keeps `value`, which takes `bytes` of memory, in place of what was there.
    void put(const Key& key, std::shared_ptr<const Value> value, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        if (const auto found = places_.find(key); found != places_.end()) drop(found->second);
        if (bytes > bytes_max_) return;
        while (bytes_ + bytes > bytes_max_) drop(std::prev(items_.end()));
        items_.push_front({key, std::move(value), bytes});
        places_.emplace(key, items_.begin());
        bytes_ += bytes;
    }

private:
    struct Item {
        Key key;
        std::shared_ptr<const Value> value;
        std::size_t bytes;
    };

    void drop(typename std::list<Item>::iterator item) {
        bytes_ -= item->bytes;
        places_.erase(item->key);
        items_.erase(item);
    }

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::mutex mutex_;
    std::list<Item> items_;  ///< used last at the front
    std::unordered_map<Key, typename std::list<Item>::iterator> places_;
};

}  // namespace varve
