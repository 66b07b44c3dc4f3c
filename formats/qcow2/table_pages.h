#pragma once
/// Reads the tables of a qcow2 image page by page on demand, through a cache, so that memory does not grow with the
/// disk. Immutable; safe from many threads. Borrows the file.

#include <memory>

#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/qcow2/tables.h"

namespace varve::qcow2 {

/// Entries of one or two big-endian 64-bit words: from a given one to the end of its page.
struct TableEntries {
    BlockCache::Block page;
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t entry_bytes = 8;

    std::uint64_t word(std::size_t entry, std::size_t index = 0) const {
        return load_be<std::uint64_t>(ByteView(*page).subspan((first + entry) * entry_bytes + index * 8));
    }
    /// An entry of an L2 table.
    RawL2Entry l2(std::size_t entry) const { return {word(entry), entry_bytes == 16 ? word(entry, 1) : 0}; }
};

class TablePages {
public:
    /// For tables of one kind: in a damaged image, tables of two kinds may share an offset but must not share a cached
    /// block. `entry_bytes` is 8 or 16.
    TablePages(const ByteSource& file, std::size_t entry_bytes, std::shared_ptr<ReadCaches> caches);

    /// The entries of `table`, which is inside the file, from number `entry` on; at least that one. Throws
    /// Error(corrupt) when the file became shorter, Error(io).
    TableEntries entries_from(ByteRange table, std::uint64_t entry) const;

private:
    const ByteSource& file_;
    std::size_t entry_bytes_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t owner_;
};

}  // namespace varve::qcow2
