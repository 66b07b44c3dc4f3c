#pragma once
/// Checks whether a range is inside the source without a system call each time: the size is read once, and again only
/// before the answer is no, because a live image grows. Safe from many threads. Borrows the source.

#include <atomic>

#include "formats/base/byte_source.h"

namespace varve {

class SourceBound {
public:
    explicit SourceBound(const ByteSource& source) : source_(source), known_(source.size().value) {}

    bool contains(ByteRange range) const;
    bool contains(ByteOffset at) const { return contains(ByteRange{at, ByteCount{1}}); }
    /// The size as last seen.
    ByteCount size() const { return {known_.load(std::memory_order_relaxed)}; }

private:
    const ByteSource& source_;
    mutable std::atomic<std::uint64_t> known_;
};

}  // namespace varve
