#pragma once
/// The block allocation table of a VHDX file: maps guest offsets to places in the file. Read page by page on demand and
/// kept in a shared cache, so that memory does not grow with the disk. Immutable; safe from many threads. Source:
/// MS-VHDX 2.5.
///
/// A damaged entry is Error(corrupt) only when it is reached: the rest of the disk stays readable.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/image/extent.h"
#include "formats/base/bit_runs.h"
#include "formats/base/byte_source.h"
#include "formats/base/source_bound.h"
#include "formats/base/table_pages.h"
#include "formats/vhdx/metadata.h"

namespace varve::vhdx {

/// Guest bytes that are contiguous in the file.
struct BlockRun {
    ExtentKind kind = ExtentKind::unallocated;
    ByteCount length;  ///< from the requested offset on
    ByteOffset place;  ///< data: of the requested offset
};

class BlockMap {
public:
    /// `reserved` are the ranges of the file that no block may be in: log, regions.
    BlockMap(const ByteSource& file, ByteRange table, const Metadata& metadata, std::vector<ByteRange> reserved,
             std::shared_ptr<ReadCaches> caches);

    /// The extent that begins at `at`. Merges runs, but a bounded number.
    Extent extent_at(ByteOffset at) const;

    /// The longest contiguous run at the start of `guest`, inside the disk and within one page of the table.
    BlockRun run_at(ByteRange guest) const;

private:
    /// Entries of one page of the table.
    struct Page {
        TableEntries entries;
        std::uint64_t first = 0;  ///< the number of the first entry
        bool contains(std::uint64_t entry) const { return entry - first < entries.count; }
        std::uint64_t at(std::uint64_t entry) const {
            return load_le<std::uint64_t>(entries[static_cast<std::size_t>(entry - first)]);
        }
    };

    Page page_from(std::uint64_t entry) const;
    std::uint64_t entry_of_block(std::uint64_t block) const { return block + block / metadata_.chunk_ratio(); }
    ByteOffset block_end(std::uint64_t block) const;
    ExtentKind kind_of(std::uint64_t block, std::uint64_t entry) const;
    ByteOffset checked_place(std::uint64_t number, std::uint64_t entry, ByteCount length) const;
    BlockRun partial_run(std::uint64_t block, std::uint64_t entry, ByteRange guest) const;
    Error bad_entry(std::uint64_t number, const std::string& what) const;

    const ByteSource& file_;
    ByteRange table_;
    Metadata metadata_;
    std::vector<ByteRange> reserved_;
    SourceBound bound_;
    TablePages pages_;
    BitRuns bitmaps_;
};

}  // namespace varve::vhdx
