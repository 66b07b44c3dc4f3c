#include "formats/base/window_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {

void WindowSource::read_at(ByteOffset at, ByteSpan out) const {
    if (at.value > range_.length.value || out.size() > range_.length.value - at.value)
        throw Error(ErrorCode::corrupt, fmt::format("'{}' ends at byte {}: expected {} bytes at offset {}", name_,
                                                    range_.length.value, out.size(), at.value));
    whole_->read_at(in_whole(at), out);
}

Extent WindowSource::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < range_.length.value);
    const Extent extent = whole_->extent_at(in_whole(at));
    return {at, std::min(extent.length, range_.end() - extent.begin), extent.kind};
}

SourceIdentity WindowSource::identity() const {
    SourceIdentity identity = whole_->identity();
    identity.begin += range_.begin - ByteOffset{};
    return identity;
}

}  // namespace varve
