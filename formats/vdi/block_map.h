#pragma once
/// The block map of a VDI image: maps guest offsets to extents and to places in the file. Read page by page on demand
/// and kept in a shared cache, so that memory does not grow with the disk. Immutable; safe from many threads.
///
/// A damaged entry is Error(corrupt) only when it is reached: the rest of the disk stays readable.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/extent.h"
#include "formats/base/byte_source.h"
#include "formats/base/table_pages.h"
#include "formats/vdi/header.h"

namespace varve::vdi {

/// Guest bytes that are contiguous in the file.
struct BlockRun {
    ExtentKind kind = ExtentKind::unallocated;
    ByteCount length;   ///< from the requested offset on
    ByteOffset device;  ///< data: of the requested offset
};

class BlockMap {
public:
    BlockMap(ByteSourcePtr device, const Header& header, std::shared_ptr<ReadCaches> caches);

    /// The extent that begins at `at`. Merges blocks, but reads only a few pages of the map in one call.
    Extent extent_at(ByteOffset at) const;

    /// The longest contiguous run at the start of `guest`, inside the disk and within one page of the map.
    BlockRun run_at(ByteRange guest) const;

    /// A sentence if two blocks have the same place in the file, so that a guest that writes to one changes the other.
    /// Reads the map in pieces; of very large maps only the first 2^24 blocks and 2^23 places.
    std::vector<std::string> duplicate_warnings() const;

private:
    /// Entries of one page.
    struct Page {
        TableEntries entries;
        std::uint64_t first = 0;  ///< the block of the first entry
        std::uint64_t end() const { return first + entries.count; }
        std::uint32_t entry(std::uint64_t block) const {
            return load_le<std::uint32_t>(entries[static_cast<std::size_t>(block - first)]);
        }
    };

    Page page_from(std::uint64_t block) const;
    ByteOffset device_of(std::uint32_t entry) const;
    std::string problem_of(std::uint64_t block, std::uint32_t entry) const;
    ExtentKind checked_kind(std::uint64_t block, std::uint32_t entry) const;
    ByteOffset block_end(std::uint64_t block) const;

    ByteSourcePtr device_;
    Header header_;
    TablePages pages_;
};

}  // namespace varve::vdi
