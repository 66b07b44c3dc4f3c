#pragma once
/// Reads the tables of an image in pages of up to 64 KiB on demand, through a cache, so that memory does not grow with
/// the disk. Immutable; safe from many threads. Borrows the source.

#include <memory>

#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve {

/// Entries that follow each other in one page, which they keep in memory.
struct TableEntries {
    BlockCache::Block page;
    std::size_t first_byte = 0;
    std::size_t count = 0;  ///< at least 1
    std::size_t entry_bytes = 0;

    ByteView operator[](std::size_t index) const {
        return ByteView(*page).subspan(first_byte + index * entry_bytes, entry_bytes);
    }
};

class TablePages {
public:
    /// For areas of one kind, with entries of `entry_bytes`, a power of two up to 64 KiB: in a damaged image, areas of
    /// two kinds may share an offset but must not share a cached page.
    TablePages(const ByteSource& source, std::size_t entry_bytes, std::shared_ptr<ReadCaches> caches);

    /// The entries of `area`, which is inside the source, from number `entry` on up to the end of its page; at least
    /// that one. Pages are counted from the beginning of the area, which is one table, or a whole file in which many
    /// small tables are neighbours. Nothing outside the area is read. Throws Error(corrupt) when the source became
    /// shorter, Error(io).
    TableEntries entries_from(ByteRange area, std::uint64_t entry) const;

private:
    const ByteSource& source_;
    std::size_t entry_bytes_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t owner_;
};

}  // namespace varve
