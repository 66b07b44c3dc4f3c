#include "formats/vhd/block_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::vhd {
namespace {

constexpr std::uint32_t block_absent = 0xffffffff;
constexpr std::uint64_t sector_bytes = 512;
constexpr std::uint64_t piece_entries = (64 << 10) / table_entry_bytes;
constexpr int table_pages_merged_max = 16;
constexpr int bitmaps_merged_max = 256;
constexpr std::uint64_t blocks_compared_max = std::uint64_t{1} << 21;

bool bit_of(ByteView bits, std::uint64_t index) {
    return (bits[static_cast<std::size_t>(index / 8)] >> (7 - index % 8) & std::byte{1}) != std::byte{0};
}

/// The number of equal bits from `index` on, less than 8 * bits.size().
std::uint64_t equal_bits(ByteView bits, std::uint64_t index) {
    const bool value = bit_of(bits, index);
    const std::byte whole{static_cast<unsigned char>(value ? 0xff : 0)};
    std::uint64_t end = index + 1;
    while (end < bits.size() * 8 && bit_of(bits, end) == value) {
        ++end;
        while (end % 8 == 0 && end / 8 < bits.size() && bits[static_cast<std::size_t>(end / 8)] == whole) end += 8;
    }
    return end - index;
}

bool overlaps(ByteRange a, ByteRange b) { return a.begin < b.end() && b.begin < a.end(); }

}  // namespace

BlockMap::BlockMap(ByteSourcePtr device, const Layout& layout, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)),
      layout_(layout),
      header_(layout.header.value()),
      table_(*device_, table_entry_bytes, caches),
      bitmaps_(*device_, 1, std::move(caches)) {}

/// The entries from that of `block` on, to the end of their page.
BlockMap::Page BlockMap::page_from(std::uint64_t block) const {
    VARVE_CHECK(block < header_.entries);
    return {table_.entries_from(layout_.table_range(), block), block};
}

ByteOffset BlockMap::block_end(std::uint64_t block) const {
    return ByteOffset{std::min((block + 1) * header_.block_size.value, layout_.virtual_size.value)};
}

/// Why an entry can't be followed; empty when it can. The file may end inside the last block, after the disk's end.
std::string BlockMap::problem_of(std::uint64_t block, std::uint32_t entry) const {
    if (entry == block_absent) return {};
    const ByteCount guest_bytes = block_end(block) - ByteOffset{block * header_.block_size.value};
    const ByteRange stored{{entry * sector_bytes}, header_.bitmap_bytes() + guest_bytes};
    const std::uint64_t file_bytes = device_->size().value;
    const std::uint64_t end = file_bytes - std::min(file_bytes, layout_.footer_at_end.value);
    if (stored.end().value > end)
        return fmt::format("sector {} is a block that ends at byte {}, past the end of the data at {}", entry,
                           stored.end().value, end);
    const std::array<ByteRange, 3> metadata{ByteRange{{}, {footer_bytes}}, layout_.header_range(),
                                            layout_.table_range()};
    if (std::ranges::any_of(metadata, [&](ByteRange range) { return overlaps(stored, range); }))
        return fmt::format("sector {} is a block over the headers or the block table of the image", entry);
    return {};
}

void BlockMap::check(std::uint64_t block, std::uint32_t entry) const {
    const std::string problem = problem_of(block, entry);
    if (!problem.empty())
        throw corrupt(device_, header_.table + ByteCount{block * table_entry_bytes},
                      fmt::format("block table entry {} (guest offset {}): {}", block, block * header_.block_size.value,
                                  problem));
}

/// The longest run of one kind from `at` on within its block, whose entry was checked.
BlockRun BlockMap::piece_at(ByteOffset at, std::uint32_t entry) const {
    const ByteCount to_end = block_end(block_of(at)) - at;
    if (entry == block_absent) return {ExtentKind::unallocated, to_end, {}};
    if (layout_.is_differencing()) return sectors_at(at, entry);
    const ByteCount into_block{at.value % header_.block_size.value};
    return {ExtentKind::data, to_end, ByteOffset{entry * sector_bytes} + header_.bitmap_bytes() + into_block};
}

/// By the bitmap of the block.
BlockRun BlockMap::sectors_at(ByteOffset at, std::uint32_t entry) const {
    const ByteRange bitmap{{entry * sector_bytes}, header_.bitmap_bytes()};
    const ByteCount into_block{at.value % header_.block_size.value};
    const std::uint64_t sector = into_block.value / sector_bytes;
    const TableEntries bits = bitmaps_.entries_from(bitmap, sector / 8);
    const ByteView bytes = ByteView(*bits.page).subspan(bits.first_byte, bits.count);
    const std::uint64_t sectors = equal_bits(bytes, sector % 8);
    const ByteCount to_end = block_end(block_of(at)) - at;
    const ByteCount length{std::min(to_end.value, sectors * sector_bytes - into_block.value % sector_bytes)};
    if (!bit_of(bytes, sector % 8)) return {ExtentKind::unallocated, length, {}};
    return {ExtentKind::data, length, bitmap.end() + into_block};
}

Extent BlockMap::extent_at(ByteOffset at) const {
    const ByteOffset disk_end{layout_.virtual_size.value};
    Page page = page_from(block_of(at));
    check(page.first, page.entry(page.first));
    const BlockRun first = piece_at(at, page.entry(page.first));
    Extent extent{at, first.length, first.kind};
    for (int pages = 1, bitmaps = 1; extent.end() < disk_end;) {
        const std::uint64_t block = block_of(extent.end());
        if (block == page.end()) {
            if (pages++ == table_pages_merged_max) break;
            page = page_from(block);
        }
        const std::uint32_t entry = page.entry(block);
        if (!problem_of(block, entry).empty()) break;
        const bool has_bitmap = layout_.is_differencing() && entry != block_absent;
        if (has_bitmap && bitmaps++ == bitmaps_merged_max) break;
        const BlockRun next = piece_at(extent.end(), entry);
        if (next.kind != extent.kind) break;
        extent.length += next.length;
    }
    return extent;
}

BlockRun BlockMap::run_at(ByteRange guest) const {
    std::uint64_t block = block_of(guest.begin);
    const Page page = page_from(block);
    const std::uint32_t entry = page.entry(block);
    check(block, entry);
    BlockRun run = piece_at(guest.begin, entry);
    if (entry == block_absent)
        while (++block < page.end() && block_end(block - 1) < guest.end() && page.entry(block) == block_absent)
            run.length = block_end(block) - guest.begin;
    run.length = std::min(run.length, guest.length);
    return run;
}

std::vector<std::string> BlockMap::overlap_warnings() const {
    struct Place {
        std::uint32_t sector;
        std::uint32_t block;
        auto operator<=>(const Place&) const = default;
    };
    const std::uint64_t blocks = std::min<std::uint64_t>(header_.entries, blocks_compared_max);
    std::vector<Place> places;
    Bytes piece;
    for (std::uint64_t first = 0; first < blocks; first += piece_entries) {
        const std::uint64_t count = std::min(piece_entries, blocks - first);
        piece.resize(static_cast<std::size_t>(count * table_entry_bytes));
        device_->read_at(header_.table + ByteCount{first * table_entry_bytes}, piece);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto sector =
                load_be<std::uint32_t>(ByteView(piece).subspan(static_cast<std::size_t>(i * table_entry_bytes)));
            if (sector != block_absent) places.push_back({sector, static_cast<std::uint32_t>(first + i)});
        }
    }
    std::ranges::sort(places);
    const std::uint64_t length = (header_.bitmap_bytes() + header_.block_size).value / sector_bytes;
    const auto two = std::ranges::adjacent_find(
        places, [&](const Place& a, const Place& b) { return b.sector - a.sector < length; });
    if (two == places.end()) return {};
    const auto [first, second] = std::minmax(two->block, std::next(two)->block);
    return {fmt::format(
        "{}: block table entries {} and {} are blocks that overlap in the file; one of the two may have "
        "the other's content, check the guest's file system",
        device_->place(header_.table + ByteCount{std::uint64_t{second} * table_entry_bytes}), first, second)};
}

}  // namespace varve::vhd
