#include "formats/raw/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {

RawReader::RawReader(File file, std::vector<std::string> warnings)
    : file_(std::move(file)), watch_(file_), has_holes_(file_.kind() == FileKind::regular) {
    info_.warnings = std::move(warnings);
    info_.format = "raw";
    info_.virtual_size = file_.size();
}

Extent RawReader::extent_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + info_.virtual_size;
    VARVE_CHECK(at < end);
    if (!has_holes_) return {at, end - at, ExtentKind::data};
    if (const auto rest = recent_.rest_from(at)) return *rest;
    const FileRun run = file_.run_at(at);
    const Extent extent{at, std::min(run.range.end(), end) - at,
                        run.is_hole ? ExtentKind::unallocated : ExtentKind::data};
    recent_.remember(extent);
    return extent;
}

void RawReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const Extent extent = extent_at(at);
        const ByteSpan part =
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, out.size())));
        if (extent.kind == ExtentKind::data) {
            file_.read_exactly(at, part);
            bytes_read_.fetch_add(part.size(), std::memory_order_relaxed);
        } else {
            std::fill(part.begin(), part.end(), std::byte{0});
        }
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
}

}  // namespace varve
