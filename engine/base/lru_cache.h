#pragma once
/// Keeps the most recently used values, up to a total size; a value larger than that is not kept. The caller defines
/// the unit of size: bytes, or 1 per value for a cache of so many values. Safe from many threads.

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace varve {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruCache {
public:
    explicit LruCache(std::size_t size_max) : size_max_(size_max) {}

    /// The value kept under `key`, which becomes the most recently used; or null.
    std::shared_ptr<const Value> find(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        items_.splice(items_.begin(), items_, found->second);
        return found->second->value;
    }

    /// Keeps `value`, of this size, under `key` and drops the value that was there.
    void put(const Key& key, std::shared_ptr<const Value> value, std::size_t size = 1) {
        const std::lock_guard lock(mutex_);
        if (const auto found = places_.find(key); found != places_.end()) drop(found->second);
        if (size > size_max_) return;
        while (size_ + size > size_max_) drop(std::prev(items_.end()));
        items_.push_front({key, std::move(value), size});
        places_.emplace(key, items_.begin());
        size_ += size;
    }

    /// Drops the value kept under `key`, if there is one.
    void drop(const Key& key) {
        const std::lock_guard lock(mutex_);
        if (const auto found = places_.find(key); found != places_.end()) drop(found->second);
    }

private:
    struct Item {
        Key key;
        std::shared_ptr<const Value> value;
        std::size_t size;
    };

    void drop(typename std::list<Item>::iterator item) {
        size_ -= item->size;
        places_.erase(item->key);
        items_.erase(item);
    }

    std::size_t size_max_;
    std::size_t size_ = 0;
    std::mutex mutex_;
    std::list<Item> items_;  ///< most recently used first
    std::unordered_map<Key, typename std::list<Item>::iterator, Hash> places_;
};

}  // namespace varve
