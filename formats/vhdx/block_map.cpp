#include "formats/vhdx/block_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/vhdx/file_header.h"

namespace varve::vhdx {
namespace {

constexpr std::size_t entry_bytes = 8;
constexpr int runs_merged_max = 256;
constexpr ByteCount bitmap_bytes{1 << 20};

// The states of a payload block; the lowest 3 bits of its entry.
constexpr std::uint64_t state_mask = 7;
constexpr std::uint64_t not_present = 0;
constexpr std::uint64_t undefined = 1;
constexpr std::uint64_t zero = 2;
constexpr std::uint64_t unmapped = 3;
constexpr std::uint64_t unmapped_before_2012 = 5;
constexpr std::uint64_t fully_present = 6;
constexpr std::uint64_t partially_present = 7;

/// In bytes; the entry holds it in MiB.
ByteOffset place_in(std::uint64_t entry) { return ByteOffset{entry & ~std::uint64_t{0xfffff}}; }

bool overlap(ByteRange a, ByteRange b) { return a.begin < b.end() && b.begin < a.end(); }

}  // namespace

BlockMap::BlockMap(const ByteSource& file, ByteRange table, const Metadata& metadata, std::vector<ByteRange> reserved,
                   std::shared_ptr<ReadCaches> caches)
    : file_(file),
      table_(table),
      metadata_(metadata),
      reserved_(std::move(reserved)),
      bound_(file),
      pages_(file, entry_bytes, caches),
      bitmaps_(file, std::move(caches)) {
    const std::uint64_t needed = metadata.table_entries() * entry_bytes;
    if (table.length.value < needed)
        throw corrupt(file, table.begin,
                      fmt::format("block allocation table: expected at least {} bytes for a disk of {}, "
                                  "found {}",
                                  needed, metadata.virtual_size.value, table.length.value));
}

BlockMap::Page BlockMap::page_from(std::uint64_t entry) const {
    return {pages_.entries_from({table_.begin, ByteCount{metadata_.table_entries() * entry_bytes}}, entry), entry};
}

ByteOffset BlockMap::block_end(std::uint64_t block) const {
    return ByteOffset{std::min((block + 1) * metadata_.block_size.value, metadata_.virtual_size.value)};
}

Error BlockMap::bad_entry(std::uint64_t number, const std::string& what) const {
    return corrupt(file_, table_.begin + ByteCount{number * entry_bytes},
                   fmt::format("entry {} of the block allocation table: {}", number, what));
}

/// A block that is partially present counts as data here. Of a differencing image, what is not present is the parent's.
ExtentKind BlockMap::kind_of(std::uint64_t block, std::uint64_t entry) const {
    switch (entry & state_mask) {
        case not_present:
            return ExtentKind::unallocated;
        case undefined:
        case zero:
        case unmapped:
        case unmapped_before_2012:
            return ExtentKind::zero;
        case fully_present:
            return ExtentKind::data;
        case partially_present:
            if (metadata_.has_parent) return ExtentKind::data;
            break;
        default:
            break;
    }
    throw bad_entry(entry_of_block(block),
                    fmt::format("expected a state of 0 to 3, 5, 6{}, found {}",
                                metadata_.has_parent ? " or 7" : " (7 needs a parent)", entry & state_mask));
}

/// The file may end inside a block: behind the disk's end, or where a writer left out zeros.
ByteOffset BlockMap::checked_place(std::uint64_t number, std::uint64_t entry, ByteCount length) const {
    const ByteRange range{place_in(entry), length};
    if (range.begin.value < unit || !bound_.contains(range.begin))
        throw bad_entry(number, fmt::format("expected a place from {} on within the {} bytes of the file, found {}",
                                            unit, bound_.size().value, range.begin.value));
    for (const ByteRange& other : reserved_)
        if (overlap(range, other))
            throw bad_entry(number,
                            fmt::format("expected a block outside the file's own structures, found one at {}, over "
                                        "that at {}",
                                        range.begin.value, other.begin.value));
    return range.begin;
}

/// Each sector with its bit set is in this file; the others are the parent's.
BlockRun BlockMap::partial_run(std::uint64_t block, std::uint64_t entry, ByteRange guest) const {
    const std::uint64_t ratio = metadata_.chunk_ratio();
    const std::uint64_t number = (block / ratio + 1) * (ratio + 1) - 1;
    const std::uint64_t bitmap = page_from(number).at(number);
    if ((bitmap & state_mask) != fully_present)
        throw bad_entry(number, fmt::format("expected the sector bits of block {} (state {}), found the state {}",
                                            block, fully_present, bitmap & state_mask));
    const ByteRange bits{checked_place(number, bitmap, bitmap_bytes), bitmap_bytes};
    if (!bound_.contains(bits))
        throw bad_entry(number, "expected a whole block of sector bits, found the end of the file");
    const std::uint64_t block_bits = metadata_.block_size.value / metadata_.sector_size.value;
    const std::uint64_t first = block % ratio * block_bits;
    const ByteCount inside{guest.begin.value % metadata_.block_size.value};
    const BitRun run = bitmaps_.run_from(bits, first + inside.value / metadata_.sector_size.value, first + block_bits);
    const ByteOffset begin{block * metadata_.block_size.value};
    const ByteOffset end = begin + ByteCount{(run.end - first) * metadata_.sector_size.value};
    const ByteCount length = std::min({end, guest.end(), block_end(block)}) - guest.begin;
    if (!run.value) return {ExtentKind::unallocated, length, {}};
    return {ExtentKind::data, length, checked_place(entry_of_block(block), entry, block_end(block) - begin) + inside};
}

BlockRun BlockMap::run_at(ByteRange guest) const {
    VARVE_CHECK(!guest.empty() && guest.end().value <= metadata_.virtual_size.value);
    std::uint64_t block = guest.begin.value / metadata_.block_size.value;
    const Page page = page_from(entry_of_block(block));
    const std::uint64_t first = page.at(entry_of_block(block));
    if ((first & state_mask) == partially_present && metadata_.has_parent) return partial_run(block, first, guest);
    BlockRun run{kind_of(block, first), {}, {}};
    const ByteCount inside{guest.begin.value % metadata_.block_size.value};
    const auto length_of = [&](std::uint64_t b) { return block_end(b) - ByteOffset{b * metadata_.block_size.value}; };
    if (run.kind == ExtentKind::data)
        run.place = checked_place(entry_of_block(block), first, length_of(block)) + inside;
    ByteOffset next = place_in(first) + metadata_.block_size;
    const auto joins = [&](std::uint64_t b) {
        const std::uint64_t number = entry_of_block(b);
        if (!page.contains(number)) return false;
        const std::uint64_t entry = page.at(number);
        if ((entry & state_mask) != (first & state_mask)) return false;
        if (run.kind != ExtentKind::data) return true;
        if (place_in(entry) != next) return false;
        checked_place(number, entry, length_of(b));
        next += metadata_.block_size;
        return true;
    };
    while (block_end(block) < guest.end() && joins(block + 1)) ++block;
    run.length = std::min(block_end(block), guest.end()) - guest.begin;
    return run;
}

Extent BlockMap::extent_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + metadata_.virtual_size;
    const BlockRun first = run_at({at, end - at});
    Extent extent{at, first.length, first.kind};
    for (int runs = 1; runs < runs_merged_max && extent.end() < end; ++runs) {
        try {
            const BlockRun next = run_at({extent.end(), end - extent.end()});
            if (next.kind != extent.kind) break;
            extent.length += next.length;
        } catch (const Error&) {
            break;  // reported when that place is asked for
        }
    }
    return extent;
}

}  // namespace varve::vhdx
