#pragma once
/// Reads the tables of an extent in pages of 64 KiB of its file when they are asked for, through a cache, so that
/// memory does not grow with the disk. Tables begin at sectors, so no entry crosses two pages. Immutable; safe from
/// many threads.

#include <memory>

#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// Consecutive little-endian words in one page.
struct TableWords {
    BlockCache::Block page;
    std::size_t first_byte = 0;
    std::size_t count = 0;  ///< at least 1
    std::size_t word_bytes = 4;

    std::uint64_t operator[](std::size_t index) const {
        const ByteView at = ByteView(*page).subspan(first_byte + index * word_bytes);
        return word_bytes == 4 ? load_le<std::uint32_t>(at) : load_le<std::uint64_t>(at);
    }
};

class TablePages {
public:
    /// Words of 4 or 8 bytes.
    TablePages(ByteSourcePtr device, std::size_t word_bytes, std::shared_ptr<ReadCaches> caches);

    /// Up to `count` words from `at` on, which must be inside the device. Errors of the device pass through.
    TableWords words_from(ByteOffset at, std::uint64_t count) const;

    /// Whether a table of `words` at `at` is inside the device.
    bool contains(ByteOffset at, std::uint64_t words) const;

    const ByteSourcePtr& device() const { return device_; }

private:
    ByteSourcePtr device_;
    std::size_t word_bytes_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t owner_;
};

}  // namespace varve::vmdk
