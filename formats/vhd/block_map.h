#pragma once
/// The block table of a dynamic or differencing VHD, and the bitmaps of sectors before its blocks: maps guest offsets
/// to extents and to places in the file. Read page by page on demand and kept in a shared cache, so that memory does
/// not grow with the disk. Immutable; safe from many threads.
///
/// An entry is the sector of a block in the file, or all ones. There the bitmap comes first, bit 7 of byte 0 for sector
/// 0, and the block's bytes follow. In a differencing image a sector whose bit is 0 is the parent's. In a dynamic image
/// the bitmap is ignored, as in qemu: writers leave zeros in sectors without a bit.
///
/// A damaged entry is Error(corrupt) only when it is reached: the rest of the disk stays readable.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/extent.h"
#include "formats/base/byte_source.h"
#include "formats/base/table_pages.h"
#include "formats/vhd/layout.h"

namespace varve::vhd {

/// Guest bytes of one kind; data is contiguous in the file.
struct BlockRun {
    ExtentKind kind = ExtentKind::unallocated;
    ByteCount length;   ///< from the requested offset on
    ByteOffset device;  ///< data: of the requested offset
};

class BlockMap {
public:
    /// `layout` has a dynamic header.
    BlockMap(ByteSourcePtr device, const Layout& layout, std::shared_ptr<ReadCaches> caches);

    /// The extent that begins at `at`. Merges blocks, but reads only a few pages of the table and a bounded number of
    /// bitmaps in one call.
    Extent extent_at(ByteOffset at) const;

    /// A run at the start of `guest`, inside the disk: of data within one block, else within one page of the table.
    BlockRun run_at(ByteRange guest) const;

    /// A sentence if two blocks overlap in the file, so that a guest that writes to one changes the other. Of very
    /// large tables only the first 2^21 entries are compared.
    std::vector<std::string> overlap_warnings() const;

private:
    /// Entries of one page.
    struct Page {
        TableEntries entries;
        std::uint64_t first = 0;  ///< the block of the first entry
        std::uint64_t end() const { return first + entries.count; }
        std::uint32_t entry(std::uint64_t block) const {
            return load_be<std::uint32_t>(entries[static_cast<std::size_t>(block - first)]);
        }
    };

    Page page_from(std::uint64_t block) const;
    std::uint64_t block_of(ByteOffset at) const { return at.value / header_.block_size.value; }
    ByteOffset block_end(std::uint64_t block) const;
    std::string problem_of(std::uint64_t block, std::uint32_t entry) const;
    void check(std::uint64_t block, std::uint32_t entry) const;
    BlockRun piece_at(ByteOffset at, std::uint32_t entry) const;
    BlockRun sectors_at(ByteOffset at, std::uint32_t entry) const;

    ByteSourcePtr device_;
    Layout layout_;
    DynamicHeader header_;
    TablePages table_;
    TablePages bitmaps_;
};

}  // namespace varve::vhd
