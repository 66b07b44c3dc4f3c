#include "formats/vmdk/grain_reader.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/counted_read.h"
#include "formats/vmdk/grain_codec.h"

namespace varve::vmdk {
namespace {

constexpr int runs_merged_max = 64;

}  // namespace

GrainReader::GrainReader(ByteSourcePtr device, const GrainLayout& layout, std::unique_ptr<GrainMap> map,
                         std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)),
      layout_(layout),
      map_(std::move(map)),
      caches_(std::move(caches)),
      cache_owner_(caches_->clusters.new_owner()) {
    info_.format = "vmdk";
    info_.virtual_size = layout_.capacity;
    info_.cluster_size = layout_.grain_size;
}

std::vector<std::string> GrainReader::late_warnings() const {
    std::vector<std::string> all = device_->late_warnings();
    for (std::string& sentence : map_->late_warnings()) all.push_back(std::move(sentence));
    return all;
}

std::uint64_t GrainReader::grains_after(std::uint64_t grain) const {
    return divide_up(layout_.capacity.value, layout_.grain_size.value) - grain;
}

Extent GrainReader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < layout_.capacity.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = mapped_extent_at(at);
    if (extent.kind == ExtentKind::data && layout_.coding == GrainCoding::plain)
        extent = stored_extent(*device_, {at, extent.length}, [&](ByteRange guest) { return stored_run(guest); });
    recent_.remember(extent);
    return extent;
}

StoredRun GrainReader::stored_run(ByteRange guest) const {
    const std::uint64_t grain_size = layout_.grain_size.value;
    const std::uint64_t into_grain = guest.begin.value % grain_size;
    const GrainRun run = map_->run_at(guest.begin.value / grain_size,
                                      divide_up(into_grain + guest.length.value, grain_size), GrainRunBy::place);
    return {std::min(guest.length, ByteCount{run.grains * grain_size - into_grain}), run.place + ByteCount{into_grain}};
}

Extent GrainReader::mapped_extent_at(ByteOffset at) const {
    if (const auto rest = mapped_.rest_from(at)) return *rest;
    const std::uint64_t first = at.value / layout_.grain_size.value;
    std::uint64_t grains_left = grains_after(first);
    GrainRun run = map_->run_at(first, grains_left, GrainRunBy::kind);
    for (int merged = 1; merged < runs_merged_max && run.grains < grains_left; ++merged) {
        GrainRun next;
        try {
            next = map_->run_at(first + run.grains, grains_left - run.grains, GrainRunBy::kind);
        } catch (const Error&) {
            break;  // reported to the caller that asks for that place
        }
        if (next.kind != run.kind) break;
        run.grains += next.grains;
    }
    const std::uint64_t end =
        run.grains == grains_left ? layout_.capacity.value : (first + run.grains) * layout_.grain_size.value;
    const Extent extent{at, ByteCount{end - at.value}, run.kind};
    mapped_.remember(extent);
    return extent;
}

void GrainReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= layout_.capacity.value && out.size() <= layout_.capacity.value - at.value);
    const std::uint64_t grain_size = layout_.grain_size.value;
    while (!out.empty()) {
        const std::uint64_t first = at.value / grain_size;
        const std::uint64_t into_grain = at.value % grain_size;
        const std::uint64_t grains = divide_up(into_grain + out.size(), grain_size);
        const GrainRunBy by = layout_.coding == GrainCoding::plain ? GrainRunBy::place : GrainRunBy::kind;
        GrainRun run = map_->run_at(first, grains, by);
        if (run.kind == ExtentKind::data && layout_.coding != GrainCoding::plain) run.grains = 1;
        const std::uint64_t length = std::min<std::uint64_t>(run.grains * grain_size - into_grain, out.size());
        const ByteSpan part = out.first(static_cast<std::size_t>(length));
        read_run(run, at, part);
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
}

void GrainReader::read_run(const GrainRun& run, ByteOffset at, ByteSpan out) const {
    if (run.kind != ExtentKind::data) {
        std::fill(out.begin(), out.end(), std::byte{0});
        return;
    }
    ByteCount fetched{out.size()};
    if (layout_.coding == GrainCoding::plain)
        fetched = read_plain(run.place + ByteCount{at.value % layout_.grain_size.value}, out);
    else
        read_compressed(run, at, out);
    bytes_read_.fetch_add(fetched.value, std::memory_order_relaxed);
}

/// The last grain of a file may be cut short: a writer need not write the zeros at its end. Returns how many bytes were
/// not in a hole; those that are missing count.
ByteCount GrainReader::read_plain(ByteOffset place, ByteSpan out) const {
    const std::uint64_t size = device_->size().value;
    const std::uint64_t held = place.value < size ? std::min<std::uint64_t>(size - place.value, out.size()) : 0;
    const ByteCount fetched =
        counted_read(*device_, place, out.first(static_cast<std::size_t>(held))) + ByteCount{out.size() - held};
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(held), out.end(), std::byte{0});
    return fetched;
}

void GrainReader::read_compressed(const GrainRun& run, ByteOffset at, ByteSpan out) const {
    const std::uint64_t grain_size = layout_.grain_size.value;
    const std::uint64_t index = at.value / grain_size;
    const std::uint64_t guest_bytes = std::min(grain_size, layout_.capacity.value - index * grain_size);
    const CompressedGrain grain{run.place, index, layout_.grain_size,
                                layout_.coding == GrainCoding::compressed_with_markers};
    if (out.size() == guest_bytes) return inflate_grain(device_, grain, out);
    const auto load = [&] {
        Bytes bytes(static_cast<std::size_t>(guest_bytes));
        inflate_grain(device_, grain, bytes);
        return bytes;
    };
    const BlockCache::Block block = caches_->clusters.get({cache_owner_, index}, load);
    std::copy_n(block->begin() + static_cast<std::ptrdiff_t>(at.value % grain_size), out.size(), out.begin());
}

}  // namespace varve::vmdk
