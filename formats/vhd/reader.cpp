#include "formats/vhd/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/counted_read.h"
#include "formats/base/stored_extent.h"
#include "formats/vhd/parent_names.h"

namespace varve::vhd {

Reader::Reader(ByteSourcePtr device, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)), layout_(read_layout(device_)) {
    if (layout_.header) map_.emplace(device_, layout_, std::move(caches));
    if (layout_.is_differencing()) parent_names_ = recorded_parent_names(*device_, *layout_.header);
    describe(std::move(warnings));
}

void Reader::describe(std::vector<std::string> warnings) {
    info_.format = "vpc";
    info_.virtual_size = layout_.virtual_size;
    info_.options = {{"subformat", map_ ? "dynamic" : "fixed"}};
    if (map_) info_.cluster_size = layout_.header->block_size;
    if (layout_.is_differencing()) {
        info_.features.emplace_back("differencing");
        info_.backing =
            parent_names_.empty() ? fmt::format("{{{}}}", layout_.header->parent.text()) : parent_names_.front();
    }
    info_.warnings = std::move(warnings);
    info_.warnings.insert(info_.warnings.end(), layout_.warnings.begin(), layout_.warnings.end());
    if (map_)
        for (std::string& warning : map_->overlap_warnings()) info_.warnings.push_back(std::move(warning));
}

BlockRun Reader::run_at(ByteRange guest) const {
    return map_ ? map_->run_at(guest) : BlockRun{ExtentKind::data, guest.length, guest.begin};
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = mapped_extent_at(at);
    const auto stored_run_at = [&](ByteRange guest) -> StoredRun {
        const BlockRun run = run_at(guest);
        return {run.length, run.device};
    };
    if (extent.kind == ExtentKind::data) extent = stored_extent(*device_, {at, extent.length}, stored_run_at);
    recent_.remember(extent);
    return extent;
}

Extent Reader::mapped_extent_at(ByteOffset at) const {
    if (!map_) return {at, ByteOffset{info_.virtual_size.value} - at, ExtentKind::data};
    if (const auto rest = mapped_.rest_from(at)) return *rest;
    const Extent extent = map_->extent_at(at);
    mapped_.remember(extent);
    return extent;
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const BlockRun run = run_at({at, ByteCount{out.size()}});
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

}  // namespace varve::vhd
