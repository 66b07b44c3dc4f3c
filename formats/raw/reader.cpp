#include "formats/raw/reader.h"

#include <algorithm>

#include "engine/base/check.h"
#include "formats/base/counted_read.h"

namespace varve::raw {

Reader::Reader(ByteSourcePtr source, std::vector<std::string> warnings) : source_(std::move(source)) {
    info_.warnings = std::move(warnings);
    info_.format = "raw";
    info_.virtual_size = source_->size();
}

Extent Reader::extent_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + info_.virtual_size;
    VARVE_CHECK(at < end);
    const Extent extent = source_->extent_at(at);
    return {at, std::min(extent.length, end - at), extent.kind};
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    bytes_read_.fetch_add(counted_read(*source_, at, out).value, std::memory_order_relaxed);
}

}  // namespace varve::raw
