#include "formats/parallels/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/counted_read.h"
#include "formats/base/stored_extent.h"
#include "formats/parallels/format_extension.h"
#include "formats/parallels/options.h"

namespace varve::parallels {

Reader::Reader(ByteSourcePtr device, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)), header_(read_header(device_)), map_(device_, header_, std::move(caches)) {
    describe(std::move(warnings));
}

void Reader::describe(std::vector<std::string> warnings) {
    info_.format = "parallels";
    info_.virtual_size = header_.virtual_size;
    info_.cluster_size = header_.cluster_size;
    if (is_written_cluster_size(header_.cluster_size))
        info_.options = {{"cluster_size", fmt::to_string(header_.cluster_size.value)}};
    if (header_.in_use == InUse::open) info_.features.emplace_back("in_use");
    if (header_.claims_to_be_empty()) info_.features.emplace_back("empty");
    info_.warnings = std::move(warnings);
    for (auto& sentences : {header_warnings(*device_, header_), map_.doubts()})
        info_.warnings.insert(info_.warnings.end(), sentences.begin(), sentences.end());
    info_.bitmaps = read_bitmaps(*device_, header_, info_.warnings);
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = mapped_extent_at(at);
    const auto run_at = [&](ByteRange guest) -> StoredRun {
        const ClusterRun run = map_.run_at(guest);
        return {run.length, run.device};
    };
    if (extent.kind == ExtentKind::data) extent = stored_extent(*device_, {at, extent.length}, run_at);
    recent_.remember(extent);
    return extent;
}

Extent Reader::mapped_extent_at(ByteOffset at) const {
    if (const auto rest = mapped_.rest_from(at)) return *rest;
    const Extent extent = map_.extent_at(at);
    mapped_.remember(extent);
    return extent;
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const ClusterRun run = map_.run_at({at, ByteCount{out.size()}});
        const ByteSpan part = out.first(static_cast<std::size_t>(run.length.value));
        if (run.kind == ExtentKind::data) {
            bytes_read_.fetch_add(counted_read(*device_, run.device, part).value, std::memory_order_relaxed);
        } else {
            std::fill(part.begin(), part.end(), std::byte{0});
        }
        at += run.length;
        out = out.subspan(part.size());
    }
}

}  // namespace varve::parallels
