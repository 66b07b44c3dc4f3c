#include "formats/vdi/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/counted_read.h"
#include "formats/base/stored_extent.h"

namespace varve::vdi {

Reader::Reader(ByteSourcePtr device, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)), header_(read_header(device_)), map_(device_, header_, std::move(caches)) {
    describe(std::move(warnings));
}

void Reader::describe(std::vector<std::string> warnings) {
    info_.format = "vdi";
    info_.virtual_size = header_.virtual_size;
    info_.cluster_size = header_.block_size;
    info_.options = {{"static", header_.type == ImageType::fixed ? "on" : "off"}};
    if (!header_.create.is_null()) info_.options.emplace("uuid", header_.create.text());
    if (header_.is_differencing()) {
        info_.features.emplace_back("differencing");
        info_.backing = fmt::format("{{{}}}", header_.parent.text());  // the image has no other name for it
    }
    info_.warnings = std::move(warnings);
    if (!header_.is_differencing() && !header_.parent.is_null())
        info_.warnings.push_back(fmt::format(
            "{}: the image names a parent, {}, but is not a differencing image: it was read as a whole disk, "
            "as VirtualBox does",
            device_->place(ByteOffset{}), header_.parent.text()));
    for (std::string& warning : map_.duplicate_warnings()) info_.warnings.push_back(std::move(warning));
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = mapped_extent_at(at);
    const auto run_at = [&](ByteRange guest) -> StoredRun {
        const BlockRun run = map_.run_at(guest);
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
        const BlockRun run = map_.run_at({at, ByteCount{out.size()}});
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

}  // namespace varve::vdi
