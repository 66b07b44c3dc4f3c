#include "formats/vhdx/patched_source.h"

#include <algorithm>

#include "engine/base/check.h"
#include "formats/base/image_error.h"

namespace varve::vhdx {
namespace {

/// Calls `use` with each range of `ranges` that overlaps `area`, cut to it. The map goes from first byte to end.
template <typename Use>
void for_overlaps(const std::map<std::uint64_t, std::uint64_t>& ranges, ByteRange area, const Use& use) {
    auto next = ranges.upper_bound(area.begin.value);
    if (next != ranges.begin()) --next;
    for (; next != ranges.end() && next->first < area.end().value; ++next) {
        const std::uint64_t begin = std::max(next->first, area.begin.value);
        const std::uint64_t end = std::min(next->second, area.end().value);
        if (begin < end) use(begin, end);
    }
}

}  // namespace

void PatchedSource::put_page(ByteOffset at, Bytes page) {
    VARVE_CHECK(at.value % page_bytes == 0 && page.size() == page_bytes);
    extend_to({at.value + page_bytes});
    pages_[at.value] = std::move(page);
}

void PatchedSource::put_zeros(ByteRange range) {
    if (range.empty()) return;
    pages_.erase(pages_.lower_bound(range.begin.value), pages_.lower_bound(range.end().value));
    std::uint64_t begin = range.begin.value;
    std::uint64_t end = range.end().value;
    auto next = zeros_.upper_bound(begin);
    if (next != zeros_.begin() && std::prev(next)->second >= begin) --next;
    while (next != zeros_.end() && next->first <= end) {
        begin = std::min(begin, next->first);
        end = std::max(end, next->second);
        next = zeros_.erase(next);
    }
    zeros_[begin] = end;
    extend_to({range.end().value});
}

void PatchedSource::extend_to(ByteCount size) { size_ = std::max(size_, size); }

void PatchedSource::read_at(ByteOffset at, ByteSpan out) const {
    const ByteRange area{at, {out.size()}};
    if (at > ByteOffset{} + size() || area.length > ByteOffset{} + size() - at)
        throw corrupt_image(*this, "a structure reaches past the end of the file");
    const std::uint64_t file_bytes = file_->size().value;
    const auto in_file = static_cast<std::size_t>(
        std::min<std::uint64_t>(out.size(), at.value < file_bytes ? file_bytes - at.value : 0));
    file_->read_at(at, out.first(in_file));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(in_file), out.end(), std::byte{0});
    const auto part = [&](std::uint64_t begin, std::uint64_t end) {
        return out.subspan(static_cast<std::size_t>(begin - at.value), static_cast<std::size_t>(end - begin));
    };
    for_overlaps(zeros_, area,
                 [&](std::uint64_t begin, std::uint64_t end) { std::ranges::fill(part(begin, end), std::byte{0}); });
    auto page = pages_.lower_bound(at.value / page_bytes * page_bytes);
    for (; page != pages_.end() && page->first < area.end().value; ++page) {
        const std::uint64_t begin = std::max(page->first, at.value);
        const std::uint64_t end = std::min(page->first + page_bytes, area.end().value);
        std::ranges::copy(ByteView(page->second).subspan(static_cast<std::size_t>(begin - page->first), end - begin),
                          part(begin, end).begin());
    }
}

/// Only what no patch touches may be a hole: patches are few.
Extent PatchedSource::extent_at(ByteOffset at) const {
    const auto next_page = pages_.lower_bound(at.value / page_bytes * page_bytes);
    if (next_page != pages_.end() && next_page->first <= at.value)
        return {at, std::min(ByteOffset{next_page->first + page_bytes}, ByteOffset{} + size()) - at, ExtentKind::data};
    ByteOffset end = ByteOffset{} + size();
    if (next_page != pages_.end()) end = std::min(end, ByteOffset{next_page->first});
    if (at.value >= file_->size().value) return {at, end - at, ExtentKind::zero};
    const Extent extent = file_->extent_at(at);
    return {at, std::min(extent.length, end - at), extent.kind};
}

}  // namespace varve::vhdx
