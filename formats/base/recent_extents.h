#pragma once
/// Remembers the few extents that were found last. A caller that asks again inside one of them (an overlay with many
/// small clusters above a long run, threads that read pieces of one run) gets the rest without a second search. Safe
/// from many threads.

#include <array>
#include <mutex>
#include <optional>

#include "engine/image/extent.h"

namespace varve {

class RecentExtents {
public:
    /// The part of a remembered extent from `at` on, if one contains `at`.
    std::optional<Extent> rest_from(ByteOffset at) const;
    /// Remembers `extent` instead of the oldest one.
    void remember(const Extent& extent);

private:
    mutable std::mutex mutex_;
    std::array<Extent, 8> extents_;
    std::size_t oldest_ = 0;
};

}  // namespace varve
