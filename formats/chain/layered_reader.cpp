#include "formats/chain/layered_reader.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/image/window_reader.h"

namespace varve {

LayeredReader::LayeredReader(std::unique_ptr<ImageReader> top, std::unique_ptr<ImageReader> backing,
                             std::vector<std::string> doubts)
    : top_(std::move(top)), backing_(std::move(backing)), info_(top_->info()) {
    const auto& below = backing_->info().warnings;
    info_.warnings.insert(info_.warnings.end(), below.begin(), below.end());
    for (std::string& doubt : doubts) info_.warnings.push_back(std::move(doubt));
}

Extent LayeredReader::extent_at(ByteOffset at) const {
    Extent extent = top_->extent_at(at);
    if (extent.kind != ExtentKind::unallocated) return extent;
    if (at.value >= backing_->info().virtual_size.value) return extent;
    const Extent below = backing_->extent_at(at);
    return {at, std::min(extent.length, below.length), below.kind};
}

void LayeredReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const Extent extent = top_->extent_at(at);
        const ByteSpan part =
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, out.size())));
        if (extent.kind == ExtentKind::unallocated)
            read_backing(at, part);
        else
            top_->read(at, part);
        at += ByteCount{part.size()};
        out = out.subspan(part.size());
    }
}

void LayeredReader::check_unchanged() const {
    top_->check_unchanged();
    backing_->check_unchanged();
}

/// Only what the upper image leaves unallocated was read from the backing image, so the two never overlap.
std::vector<ByteRange> LayeredReader::unreadable() const {
    std::vector<ByteRange> all = top_->unreadable();
    const std::vector<ByteRange> below = unreadable_within(*backing_, {{}, info_.virtual_size});
    all.insert(all.end(), below.begin(), below.end());
    std::ranges::sort(all, {}, &ByteRange::begin);
    return all;
}

std::vector<std::string> LayeredReader::late_warnings() const {
    std::vector<std::string> all = top_->late_warnings();
    const std::vector<std::string> below = backing_->late_warnings();
    all.insert(all.end(), below.begin(), below.end());
    return all;
}

void LayeredReader::read_backing(ByteOffset at, ByteSpan out) const {
    const std::uint64_t end = backing_->info().virtual_size.value;
    const std::uint64_t inside = at.value < end ? std::min<std::uint64_t>(end - at.value, out.size()) : 0;
    const auto split = static_cast<std::size_t>(inside);
    if (split != 0) backing_->read(at, out.first(split));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(split), out.end(), std::byte{0});
}

}  // namespace varve
