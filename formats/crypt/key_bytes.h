#pragma once
/// Key material in memory, which is cleared when it is freed.

#include <memory>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::crypt {

/// Overwrites memory that is about to be freed, which a compiler must not leave out.
void clear_memory(void* memory, std::size_t bytes);

template <typename T>
struct CleansingAllocator {
    using value_type = T;

    CleansingAllocator() = default;
    template <typename U>
    CleansingAllocator(const CleansingAllocator<U>&) {}  // NOLINT(google-explicit-constructor): as allocators convert

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) {
        clear_memory(memory, count * sizeof(T));
        std::allocator<T>().deallocate(memory, count);
    }
    friend bool operator==(const CleansingAllocator&, const CleansingAllocator&) { return true; }
};

using KeyBytes = std::vector<std::byte, CleansingAllocator<std::byte>>;

}  // namespace varve::crypt
