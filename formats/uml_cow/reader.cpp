#include "formats/uml_cow/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/padded_read.h"
#include "formats/base/stored_extent.h"

namespace varve::uml_cow {
Reader::Reader(ByteSourcePtr source, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches)
    : source_(std::move(source)), header_(read_header(*source_)), bitmap_(*source_, std::move(caches)) {
    info_.format = "cow";
    info_.virtual_size = header_.virtual_size;
    info_.cluster_size = ByteCount{sector_bytes};
    if (!header_.backing_name.empty()) info_.backing = header_.backing_name;
    info_.features = {fmt::format("version {}", header_.version)};
    info_.warnings = std::move(warnings);
}

BitRun Reader::run_from(std::uint64_t sector) const {
    const std::uint64_t sectors = divide_up(header_.virtual_size.value, sector_bytes);
    const std::uint64_t mapped = std::min(sectors, header_.bitmap.length.value * 8);
    if (sector >= mapped) return {false, sectors};  // a bit that is missing was never set
    return bitmap_.run_from(header_.bitmap, sector, mapped);
}

ByteOffset Reader::end_of(const BitRun& run) const {
    return ByteOffset{std::min(run.end * sector_bytes, header_.virtual_size.value)};
}

void Reader::check_place(ByteOffset at) const {
    const std::uint64_t size = source_->size().value;
    if (place_of(at).value < size) return;
    throw corrupt(*source_, fmt::format("sector {} has its bit set, and its place, byte {}, is past the end of the "
                                        "file at {}",
                                        at.value / sector_bytes, place_of(at).value, size));
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    std::optional<Extent> mapped = mapped_.rest_from(at);
    if (!mapped) {
        const BitRun run = run_from(at.value / sector_bytes);
        mapped = Extent{at, end_of(run) - at, run.value ? ExtentKind::data : ExtentKind::unallocated};
        mapped_.remember(*mapped);
    }
    Extent extent = *mapped;
    if (extent.kind == ExtentKind::data) {
        check_place(at);
        const auto run_at = [&](ByteRange guest) -> StoredRun { return {guest.length, place_of(guest.begin)}; };
        extent = stored_extent(*source_, {at, extent.length}, run_at);
    }
    recent_.remember(extent);
    return extent;
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const BitRun run = run_from(at.value / sector_bytes);
        const auto length = std::min<std::uint64_t>((end_of(run) - at).value, out.size());
        const ByteSpan part = out.first(static_cast<std::size_t>(length));
        if (run.value)
            bytes_read_.fetch_add(padded_read(*source_, place_of(at), ByteCount{sector_bytes}, part).value,
                                  std::memory_order_relaxed);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        at += ByteCount{length};
        out = out.subspan(part.size());
    }
}

}  // namespace varve::uml_cow
