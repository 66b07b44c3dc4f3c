#pragma once
/// Lends equal-sized buffers that keep their memory, so that a pipeline does not fault in fresh pages for every item.
/// Their contents are unspecified. Safe from many threads; the pool must outlive what it lent.

#include <memory>
#include <mutex>
#include <vector>

#include "engine/base/bytes.h"

namespace varve {

class BufferPool {
public:
    /// A buffer on loan; returns to its pool when destroyed. Empty when default-constructed.
    class Buffer {
    public:
        Buffer() = default;
        Buffer(BufferPool& pool, std::unique_ptr<std::byte[]> memory) : pool_(&pool), memory_(std::move(memory)) {}
        ~Buffer() { give_back(); }
        Buffer(Buffer&&) noexcept = default;
        Buffer& operator=(Buffer&& other) noexcept {
            give_back();
            pool_ = other.pool_;
            memory_ = std::move(other.memory_);
            return *this;
        }

        ByteSpan span() { return memory_ ? ByteSpan(memory_.get(), pool_->buffer_bytes_) : ByteSpan(); }
        ByteView view() const { return memory_ ? ByteView(memory_.get(), pool_->buffer_bytes_) : ByteView(); }

    private:
        void give_back() {
            if (!memory_) return;
            const std::lock_guard lock(pool_->mutex_);
            pool_->free_.push_back(std::move(memory_));
        }

        BufferPool* pool_ = nullptr;
        std::unique_ptr<std::byte[]> memory_;
    };

    explicit BufferPool(std::size_t buffer_bytes) : buffer_bytes_(buffer_bytes) {}

    Buffer lend() {
        {
            const std::lock_guard lock(mutex_);
            if (!free_.empty()) {
                auto memory = std::move(free_.back());
                free_.pop_back();
                return Buffer(*this, std::move(memory));
            }
        }
        return Buffer(*this, std::make_unique_for_overwrite<std::byte[]>(buffer_bytes_));
    }

private:
    const std::size_t buffer_bytes_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<std::byte[]>> free_;
};

}  // namespace varve
