#include "formats/vdi/block_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::vdi {
namespace {

constexpr std::uint64_t piece_entries = (64 << 10) / map_entry_bytes;
constexpr int pages_merged_max = 16;
constexpr std::uint64_t blocks_compared_max = std::uint64_t{1} << 24;
constexpr std::uint64_t places_compared_max = std::uint64_t{1} << 23;

ExtentKind kind_of(std::uint32_t entry) {
    if (entry == block_free) return ExtentKind::unallocated;
    return entry == block_zero ? ExtentKind::zero : ExtentKind::data;
}

}  // namespace

BlockMap::BlockMap(ByteSourcePtr device, const Header& header, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)), header_(header), pages_(*device_, map_entry_bytes, std::move(caches)) {}

/// The entries from that of `block` on, to the end of their page.
BlockMap::Page BlockMap::page_from(std::uint64_t block) const {
    VARVE_CHECK(block < header_.blocks);
    return {pages_.entries_from(header_.map_range(), block), block};
}

/// The place of an entry below the number of blocks with data. It can't wrap: where blocks have extra bytes, the map
/// ends before the 32-bit offset of the first block, so there are fewer than 2^30 entries of at most 2^31 + 2^32 bytes;
/// in version 0.2 there are 2^32 of at most 2^31.
ByteOffset BlockMap::device_of(std::uint32_t entry) const {
    return header_.data + ByteCount{entry * (header_.block_size + header_.block_extra).value} + header_.block_extra;
}

ByteOffset BlockMap::block_end(std::uint64_t block) const {
    return ByteOffset{std::min((block + 1) * header_.block_size.value, header_.virtual_size.value)};
}

/// Why an entry can't be followed; empty when it can. The file may end inside the last block, after the disk's end.
std::string BlockMap::problem_of(std::uint64_t block, std::uint32_t entry) const {
    if (entry >= block_zero) return {};
    if (entry >= header_.blocks_allocated)
        return fmt::format("expected a place before {}, the number of blocks with data, found {}",
                           header_.blocks_allocated, entry);
    const ByteCount guest_bytes = block_end(block) - ByteOffset{block * header_.block_size.value};
    const ByteOffset end = device_of(entry) + guest_bytes;
    if (end.value <= device_->size().value) return {};
    return fmt::format("place {} ends at byte {}, past the end of the file at {}", entry, end.value,
                       device_->size().value);
}

ExtentKind BlockMap::checked_kind(std::uint64_t block, std::uint32_t entry) const {
    const std::string problem = problem_of(block, entry);
    if (!problem.empty())
        throw corrupt(
            device_, header_.map + ByteCount{block * map_entry_bytes},
            fmt::format("block map entry {} (guest offset {}): {}", block, block * header_.block_size.value, problem));
    return kind_of(entry);
}

Extent BlockMap::extent_at(ByteOffset at) const {
    std::uint64_t block = at.value / header_.block_size.value;
    const std::uint64_t blocks = divide_up(header_.virtual_size.value, header_.block_size.value);
    Page page = page_from(block);
    const ExtentKind kind = checked_kind(block, page.entry(block));
    for (int pages = 1;;) {
        ++block;
        if (block == blocks) break;
        if (block == page.end()) {
            if (pages++ == pages_merged_max) break;
            page = page_from(block);
        }
        const std::uint32_t entry = page.entry(block);
        if (kind_of(entry) != kind || !problem_of(block, entry).empty()) break;
    }
    return {at, block_end(block - 1) - at, kind};
}

BlockRun BlockMap::run_at(ByteRange guest) const {
    std::uint64_t block = guest.begin.value / header_.block_size.value;
    const Page page = page_from(block);
    const std::uint32_t first = page.entry(block);
    const std::uint64_t first_block = block;
    BlockRun run{checked_kind(block, first), {}, {}};
    if (run.kind == ExtentKind::data)
        run.device = device_of(first) + ByteCount{guest.begin.value % header_.block_size.value};
    const auto joins = [&](std::uint32_t entry) {
        if (run.kind != ExtentKind::data) return entry == first;
        return header_.block_extra.value == 0 && entry == first + (block - first_block);
    };
    do {
        ++block;
    } while (block < page.end() && block_end(block - 1) < guest.end() && joins(page.entry(block)) &&
             problem_of(block, page.entry(block)).empty());
    run.length = std::min(block_end(block - 1), guest.end()) - guest.begin;
    return run;
}

std::vector<std::string> BlockMap::duplicate_warnings() const {
    const std::uint64_t blocks = std::min<std::uint64_t>(header_.blocks, blocks_compared_max);
    const std::uint64_t places = std::min<std::uint64_t>(header_.blocks_allocated, places_compared_max);
    std::vector<bool> taken(static_cast<std::size_t>(places));
    Bytes piece;
    for (std::uint64_t first = 0; first < blocks; first += piece_entries) {
        const std::uint64_t count = std::min(piece_entries, blocks - first);
        piece.resize(static_cast<std::size_t>(count * map_entry_bytes));
        device_->read_at(header_.map + ByteCount{first * map_entry_bytes}, piece);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto entry =
                load_le<std::uint32_t>(ByteView(piece).subspan(static_cast<std::size_t>(i * map_entry_bytes)));
            if (entry >= places) continue;
            if (taken[entry])
                return {fmt::format(
                    "{}: block map entry {} has the place {}, which an earlier entry has too; one of "
                    "the two blocks may have the other's content, check the guest's file system",
                    device_->place(header_.map + ByteCount{(first + i) * map_entry_bytes}), first + i, entry)};
            taken[entry] = true;
        }
    }
    return {};
}

}  // namespace varve::vdi
