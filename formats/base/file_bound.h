#pragma once
/// Answers "does this lie inside the file?" without asking the system each time: the size is read once, and again only
/// before a no, because a live image grows. Safe from many threads. Borrows the file.

#include <atomic>

#include "engine/base/file.h"

namespace varve {

class FileBound {
public:
    explicit FileBound(const File& file) : file_(file), known_(file.size().value) {}

    bool contains(ByteRange range) const;
    bool contains(ByteOffset at) const { return contains(ByteRange{at, ByteCount{1}}); }
    /// The size as last seen.
    ByteCount size() const { return {known_.load(std::memory_order_relaxed)}; }

private:
    const File& file_;
    mutable std::atomic<std::uint64_t> known_;
};

}  // namespace varve
