#include "formats/base/recent_extents.h"

namespace varve {

std::optional<Extent> RecentExtents::rest_from(ByteOffset at) const {
    const std::lock_guard lock(mutex_);
    for (const Extent& extent : extents_)
        if (extent.begin <= at && at < extent.end()) return Extent{at, extent.end() - at, extent.kind};
    return std::nullopt;
}

void RecentExtents::remember(const Extent& extent) {
    const std::lock_guard lock(mutex_);
    extents_[oldest_] = extent;
    oldest_ = (oldest_ + 1) % extents_.size();
}

}  // namespace varve
