#include "engine/image/tolerant_reader.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace varve {
namespace {

/// The block boundary nearest to the middle of the range; nullopt within one block.
std::optional<ByteOffset> boundary_in(ByteRange range) {
    constexpr std::uint64_t block = TolerantReader::block_bytes;
    const std::uint64_t middle = range.begin.value + range.length.value / 2;
    for (const std::uint64_t boundary : {middle / block * block, divide_up(middle, block) * block})
        if (boundary > range.begin.value && boundary < range.end().value) return ByteOffset{boundary};
    return std::nullopt;
}

}  // namespace

TolerantReader::TolerantReader(std::unique_ptr<ImageReader> source) : source_(std::move(source)) {}

/// Where the map is damaged, only its clusters can be told apart.
ByteRange TolerantReader::damaged_cluster(ByteOffset at) const {
    const std::uint64_t unit = std::max<std::uint64_t>(info().cluster_size.value, block_bytes);
    const std::uint64_t end = std::min((at.value / unit + 1) * unit, info().virtual_size.value);
    return {at, ByteOffset{end} - at};
}

Extent TolerantReader::extent_at(ByteOffset at) const {
    try {
        return source_->extent_at(at);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        const ByteRange cluster = damaged_cluster(at);
        return {at, cluster.length, ExtentKind::data};
    }
}

void TolerantReader::read(ByteOffset at, ByteSpan out) const {
    while (!out.empty()) {
        const ByteRange rest{at, {out.size()}};
        const ByteRange gap = next_given_up(rest);
        const auto before = static_cast<std::size_t>((gap.begin - at).value);
        if (before != 0) read_or_halve(at, out.first(before));
        const auto done = static_cast<std::size_t>((gap.end() - at).value);
        std::fill(out.begin() + static_cast<std::ptrdiff_t>(before), out.begin() + static_cast<std::ptrdiff_t>(done),
                  std::byte{0});
        at += {done};
        out = out.subspan(done);
    }
}

void TolerantReader::read_or_halve(ByteOffset at, ByteSpan out) const {
    const ByteRange range{at, {out.size()}};
    try {
        source_->read(at, out);
        return;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io && error.code() != ErrorCode::corrupt) throw;
        if (!boundary_in(range)) {
            give_up(at, out, error);
            return;
        }
    }
    const ByteOffset middle = *boundary_in(range);
    const auto half = static_cast<std::size_t>((middle - at).value);
    read_or_halve(at, out.first(half));
    read_or_halve(middle, out.subspan(half));
}

Error TolerantReader::too_much(const Error& last) const {
    const std::string amount = given_up_.size() > ranges_max ? fmt::format("{} places", ranges_max)
                                                             : fmt::format("{} MiB", bytes_max.value >> 20);
    if (last.code() == ErrorCode::corrupt)
        return Error(ErrorCode::corrupt, fmt::format("more than {} of the image are damaged, and nothing was kept: too "
                                                     "little of the disk is left (the last error: {})",
                                                     amount, last.what()));
    return Error(ErrorCode::io,
                 fmt::format("more than {} is unreadable, and nothing was kept: the medium is failing as a whole, "
                             "or gone; copy it with a rescue program such as ddrescue and use the copy (the last "
                             "error: {})",
                             amount, last.what()));
}

/// Fills `out` with zeros and records the range, if guest bytes failed; an allocation map that the medium cannot read
/// throws here.
void TolerantReader::give_up(ByteOffset at, ByteSpan out, const Error& error) const {
    const ByteOffset end = at + ByteCount{out.size()};
    for (ByteOffset next = at; next < end;) next = extent_at(next).end();

    const std::lock_guard lock(mutex_);
    std::uint64_t begin_merged = at.value;
    std::uint64_t end_merged = end.value;
    std::uint64_t known_before = 0;
    auto touched = given_up_.lower_bound(at.value);
    if (touched != given_up_.begin() && std::prev(touched)->second >= at.value) --touched;
    while (touched != given_up_.end() && touched->first <= end_merged) {
        begin_merged = std::min(begin_merged, touched->first);
        end_merged = std::max(end_merged, touched->second);
        known_before += touched->second - touched->first;
        touched = given_up_.erase(touched);
    }
    given_up_.emplace(begin_merged, end_merged);
    if (error.code() == ErrorCode::io) bytes_unreadable_ += ByteCount{end_merged - begin_merged - known_before};
    has_given_up_.store(true, std::memory_order_release);
    if (given_up_.size() > ranges_max || bytes_unreadable_ > bytes_max) throw too_much(error);
    std::fill(out.begin(), out.end(), std::byte{0});
}

/// The first part of `in` that was given up; an empty range at its end when there is none.
ByteRange TolerantReader::next_given_up(ByteRange in) const {
    const ByteRange none{in.end(), {}};
    if (!has_given_up_.load(std::memory_order_acquire)) return none;
    const std::lock_guard lock(mutex_);
    auto range = given_up_.upper_bound(in.begin.value);
    if (range != given_up_.begin() && std::prev(range)->second > in.begin.value) --range;
    if (range == given_up_.end() || range->first >= in.end().value) return none;
    const ByteOffset begin{std::max(range->first, in.begin.value)};
    return {begin, ByteOffset{std::min(range->second, in.end().value)} - begin};
}

std::vector<ByteRange> TolerantReader::unreadable() const {
    const std::lock_guard lock(mutex_);
    std::vector<ByteRange> ranges;
    for (const auto& [begin, end] : given_up_) ranges.push_back({{begin}, {end - begin}});
    return ranges;
}

}  // namespace varve
